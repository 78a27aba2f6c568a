package main

import (
	"sync"

	"github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/pion/webrtc/v4"
)

// Counter counts the packets that a subscriber gets of each track.
type Counter struct {
	identity string
	layout   string
	lock     sync.Mutex
	packets  map[string]int // by SID
	films    int
}

func (c *Counter) subscribed(track *webrtc.TrackRemote, publication *lksdk.RemoteTrackPublication, _ *lksdk.RemoteParticipant) {
	if track.Kind() == webrtc.RTPCodecTypeVideo {
		_ = publication.SetVideoQuality(c.quality()) // fails for a track that has ended already
	}
	go func() {
		for {
			if _, _, err := track.ReadRTP(); err != nil {
				return
			}
			c.lock.Lock()
			c.packets[publication.SID()]++
			c.lock.Unlock()
		}
	}()
}

// quality is that of the next film in the layout.
func (c *Counter) quality() livekit.VideoQuality {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.films++
	switch {
	case c.layout == "3x3":
		return livekit.VideoQuality_MEDIUM
	case c.layout == "speaker" && c.films == 1:
		return livekit.VideoQuality_HIGH
	default:
		return livekit.VideoQuality_LOW
	}
}

func (c *Counter) received(sid string) int {
	c.lock.Lock()
	defer c.lock.Unlock()
	return c.packets[sid]
}
