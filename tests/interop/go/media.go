package main

import (
	"io"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media/ivfwriter"
)

// Recorder keeps what was received of each track.
type Recorder struct {
	folder string
	lock   sync.Mutex
	tracks map[string]*Recorded
}

// Recorded counts the packets of one track; VP8 is written to a file.
type Recorded struct {
	mime    string
	packets int
	bytes   int
	missing int
	last    uint16
	writer  interface {
		WriteRTP(packet *rtp.Packet) error
		Close() error
	}
}

func trackCallbacks(callback *lksdk.ParticipantCallback, recorder *Recorder) {
	named := func(kind string) func(lksdk.TrackPublication, lksdk.Participant) {
		return func(publication lksdk.TrackPublication, p lksdk.Participant) {
			tell(kind, Event{"track": publication.SID(), "identity": p.Identity()})
		}
	}
	muted, unmuted := named("muted"), named("unmuted")
	callback.OnTrackMuted = func(pub lksdk.TrackPublication, p lksdk.Participant) { muted(pub, p) }
	callback.OnTrackUnmuted = func(pub lksdk.TrackPublication, p lksdk.Participant) { unmuted(pub, p) }
	callback.OnTrackPublished = func(publication *lksdk.RemoteTrackPublication, p *lksdk.RemoteParticipant) {
		tell("published", Event{"track": publication.SID(), "identity": p.Identity(), "source": publication.Source().String()})
	}
	callback.OnTrackUnpublished = func(publication *lksdk.RemoteTrackPublication, p *lksdk.RemoteParticipant) {
		tell("unpublished", Event{"track": publication.SID(), "identity": p.Identity()})
	}
	callback.OnTrackUnsubscribed = func(_ *webrtc.TrackRemote, publication *lksdk.RemoteTrackPublication, p *lksdk.RemoteParticipant) {
		tell("unsubscribed", Event{"track": publication.SID(), "identity": p.Identity()})
	}
	callback.OnTrackSubscriptionFailed = func(sid string, p *lksdk.RemoteParticipant) {
		tell("subscription_failed", Event{"track": sid, "identity": p.Identity()})
	}
	callback.OnTrackSubscribed = func(track *webrtc.TrackRemote, publication *lksdk.RemoteTrackPublication, p *lksdk.RemoteParticipant) {
		sid := publication.SID()
		recorded := recorder.begin(track, sid) // before anybody can ask for it
		tell("subscribed", Event{"track": sid, "identity": p.Identity(), "mime": track.Codec().MimeType})
		go recorder.read(track, sid, recorded)
	}
}

func (r *Recorder) begin(track *webrtc.TrackRemote, sid string) *Recorded {
	recorded := &Recorded{mime: track.Codec().MimeType}
	if r.folder != "" && strings.EqualFold(recorded.mime, webrtc.MimeTypeVP8) {
		writer, err := ivfwriter.New(filepath.Join(r.folder, sid+".ivf"))
		must(err)
		recorded.writer = writer
	}
	r.lock.Lock()
	r.tracks[sid] = recorded
	r.lock.Unlock()
	return recorded
}

func (r *Recorder) read(track *webrtc.TrackRemote, sid string, recorded *Recorded) {
	for {
		packet, _, err := track.ReadRTP()
		if err != nil {
			if err != io.EOF {
				tell("read_ended", Event{"track": sid, "error": err.Error()})
			}
			return
		}
		r.count(recorded, packet)
	}
}

func (r *Recorder) count(recorded *Recorded, packet *rtp.Packet) {
	r.lock.Lock()
	defer r.lock.Unlock()
	if recorded.packets > 0 {
		if gap := packet.SequenceNumber - recorded.last - 1; gap < 1<<15 {
			recorded.missing += int(gap)
		}
	}
	recorded.last = packet.SequenceNumber
	recorded.packets++
	recorded.bytes += len(packet.Payload)
	if recorded.writer != nil && len(packet.Payload) > 0 {
		must(recorded.writer.WriteRTP(packet))
	}
}

func (r *Recorder) tell() {
	r.lock.Lock()
	defer r.lock.Unlock()
	for sid, recorded := range r.tracks {
		tell("received", Event{
			"track": sid, "mime": recorded.mime, "packets": recorded.packets,
			"bytes": recorded.bytes, "missing": recorded.missing,
		})
	}
}

func (r *Recorder) close() {
	r.lock.Lock()
	defer r.lock.Unlock()
	for _, recorded := range r.tracks {
		if recorded.writer != nil {
			must(recorded.writer.Close())
		}
	}
}

// publish plays a file (.ivf, .h264, .ogg) once and tells when it has ended.
func (c *Client) publish(command Command) error {
	options := []lksdk.ReaderSampleProviderOption{lksdk.ReaderTrackWithOnWriteComplete(func() {
		tell("played", Event{"path": command.Path})
	})}
	if command.Fps > 0 { // neither Annex B nor this version's reader of IVF tells it right
		options = append(options, lksdk.ReaderTrackWithFrameDuration(time.Second/time.Duration(command.Fps)))
	}
	track, err := lksdk.NewLocalFileTrack(command.Path, options...)
	if err != nil {
		return err
	}
	source := livekit.TrackSource(livekit.TrackSource_value[command.Source])
	publication, err := c.room.LocalParticipant.PublishTrack(track, &lksdk.TrackPublicationOptions{
		Name: command.Source, Source: source, VideoWidth: 640, VideoHeight: 360,
	})
	if err != nil {
		return err
	}
	tell("local_published", Event{"track": publication.SID()})
	return nil
}
