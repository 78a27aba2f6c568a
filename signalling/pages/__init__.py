"""What a browser gets over HTTP: the web bundle, lesson links, the operator's page."""
