"""LiveKit's enumerations and ours, in both directions.

Protobuf enumerations are open: a newer client can send any number, which maps to the harmless default here.
"""

from livekit.protocol import models, rtc

from mediaserver.connection_quality import ConnectionQuality
from mediaserver.data_tracks import DataTrackRefusal
from mediaserver.participant import ParticipantKind, ParticipantState, RemovalReason
from mediaserver.publisher import PublishRefusal
from mediaserver.subscriber import SubscriptionFailure
from mediaserver.track import Encryption, TrackSource

SOURCES = {
    TrackSource.UNKNOWN: models.TrackSource.UNKNOWN,
    TrackSource.CAMERA: models.TrackSource.CAMERA,
    TrackSource.MICROPHONE: models.TrackSource.MICROPHONE,
    TrackSource.SCREEN_SHARE: models.TrackSource.SCREEN_SHARE,
    TrackSource.SCREEN_SHARE_AUDIO: models.TrackSource.SCREEN_SHARE_AUDIO,
}
SOURCES_BY_NUMBER = {int(number): source for source, number in SOURCES.items()}

ENCRYPTIONS = {
    Encryption.NONE: models.Encryption.NONE,
    Encryption.GCM: models.Encryption.GCM,
    Encryption.CUSTOM: models.Encryption.CUSTOM,
}
ENCRYPTIONS_BY_NUMBER = {int(number): encryption for encryption, number in ENCRYPTIONS.items()}

STATES = {
    ParticipantState.JOINING: models.ParticipantInfo.JOINING,
    ParticipantState.JOINED: models.ParticipantInfo.JOINED,
    ParticipantState.ACTIVE: models.ParticipantInfo.ACTIVE,
    ParticipantState.DISCONNECTED: models.ParticipantInfo.DISCONNECTED,
}

KINDS = {
    ParticipantKind.STANDARD: models.ParticipantInfo.STANDARD,
    ParticipantKind.INGRESS: models.ParticipantInfo.INGRESS,
    ParticipantKind.EGRESS: models.ParticipantInfo.EGRESS,
    ParticipantKind.SIP: models.ParticipantInfo.SIP,
    ParticipantKind.AGENT: models.ParticipantInfo.AGENT,
    ParticipantKind.CONNECTOR: models.ParticipantInfo.CONNECTOR,
    ParticipantKind.BRIDGE: models.ParticipantInfo.BRIDGE,
}

DISCONNECT_REASONS = {
    RemovalReason.CLIENT_INITIATED: models.DisconnectReason.CLIENT_INITIATED,
    RemovalReason.DUPLICATE_IDENTITY: models.DisconnectReason.DUPLICATE_IDENTITY,
    RemovalReason.SERVER_SHUTDOWN: models.DisconnectReason.SERVER_SHUTDOWN,
    RemovalReason.PARTICIPANT_REMOVED: models.DisconnectReason.PARTICIPANT_REMOVED,
    RemovalReason.ROOM_DELETED: models.DisconnectReason.ROOM_DELETED,
    RemovalReason.ROOM_CLOSED: models.DisconnectReason.ROOM_CLOSED,
    RemovalReason.STATE_MISMATCH: models.DisconnectReason.STATE_MISMATCH,
    RemovalReason.JOIN_FAILURE: models.DisconnectReason.JOIN_FAILURE,
    RemovalReason.SIGNAL_CLOSE: models.DisconnectReason.SIGNAL_CLOSE,
    RemovalReason.CONNECTION_TIMEOUT: models.DisconnectReason.CONNECTION_TIMEOUT,
    RemovalReason.MIGRATION: models.DisconnectReason.MIGRATION,
}

QUALITIES = {
    ConnectionQuality.LOST: models.ConnectionQuality.LOST,
    ConnectionQuality.POOR: models.ConnectionQuality.POOR,
    ConnectionQuality.GOOD: models.ConnectionQuality.GOOD,
    ConnectionQuality.EXCELLENT: models.ConnectionQuality.EXCELLENT,
}

SUBSCRIPTION_ERRORS = {
    SubscriptionFailure.CODEC_UNSUPPORTED: models.SubscriptionError.SE_CODEC_UNSUPPORTED,
    SubscriptionFailure.TRACK_NOT_FOUND: models.SubscriptionError.SE_TRACK_NOTFOUND,
}

DATA_TRACK_REFUSALS = {
    DataTrackRefusal.NOT_ALLOWED: rtc.RequestResponse.NOT_ALLOWED,
    DataTrackRefusal.INVALID_HANDLE: rtc.RequestResponse.INVALID_HANDLE,
    DataTrackRefusal.INVALID_NAME: rtc.RequestResponse.INVALID_NAME,
    DataTrackRefusal.DUPLICATE_HANDLE: rtc.RequestResponse.DUPLICATE_HANDLE,
    DataTrackRefusal.DUPLICATE_NAME: rtc.RequestResponse.DUPLICATE_NAME,
    DataTrackRefusal.LIMIT_EXCEEDED: rtc.RequestResponse.LIMIT_EXCEEDED,
    DataTrackRefusal.NOT_FOUND: rtc.RequestResponse.NOT_FOUND,
}

PUBLISH_REFUSALS = {
    PublishRefusal.NOT_ALLOWED: rtc.RequestResponse.NOT_ALLOWED,
    PublishRefusal.LIMIT_EXCEEDED: rtc.RequestResponse.LIMIT_EXCEEDED,
    PublishRefusal.NOT_FOUND: rtc.RequestResponse.NOT_FOUND,
    PublishRefusal.UNSUPPORTED: rtc.RequestResponse.UNSUPPORTED_TYPE,
}
