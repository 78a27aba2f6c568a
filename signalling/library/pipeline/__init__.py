"""From an uploaded file to a report and a preview, in a process of its own with bounded time, memory and output."""
