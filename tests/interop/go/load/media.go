package main

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"
)

const (
	framesPerSecond = 25
	// A key frame is so many times as large as the others.
	keyFrameFactor = 8
	opusFrame      = 20 * time.Millisecond
	opusBitrateBps = 24_000
	speechLevel    = 20 // -dBov
)

// Layer is one encoding of a film.
type Layer struct {
	quality       livekit.VideoQuality
	width, height uint32
	bitrateBps    int
}

var layers = []Layer{
	{livekit.VideoQuality_LOW, 320, 180, 120_000},
	{livekit.VideoQuality_MEDIUM, 640, 360, 400_000},
	{livekit.VideoQuality_HIGH, 1280, 720, 1_500_000},
}

// Film makes VP8 frames of a size; only their headers make sense. A key frame comes first and when it is asked for.
type Film struct {
	lksdk.BaseSampleProvider
	layer   Layer
	keyNext atomic.Bool
}

// NextSample gives a frame (RFC 6386, section 9.1).
func (f *Film) NextSample(context.Context) (media.Sample, error) {
	size := f.layer.bitrateBps / 8 / framesPerSecond
	key := f.keyNext.Swap(false)
	if key {
		size *= keyFrameFactor
	}
	data := make([]byte, size)
	data[0] = 0x11 // an inter frame that is shown
	if key {
		w, h := f.layer.width, f.layer.height
		copy(data, []byte{0x10, 0, 0, 0x9d, 0x01, 0x2a, byte(w), byte(w >> 8), byte(h), byte(h >> 8)})
	}
	return media.Sample{Data: data, Duration: time.Second / framesPerSecond}, nil
}

// OnBind starts with a key frame.
func (f *Film) OnBind() error {
	f.keyNext.Store(true)
	return nil
}

func (f *Film) feedback(packet rtcp.Packet) {
	switch packet.(type) {
	case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
		f.keyNext.Store(true)
	}
}

// Sound is Opus of a constant bitrate that is heard as speech.
type Sound struct{ lksdk.NullSampleProvider }

// CurrentAudioLevel is -dBov.
func (s *Sound) CurrentAudioLevel() uint8 { return speechLevel }

func publishSound(room *lksdk.Room) (*lksdk.LocalTrackPublication, error) {
	track, err := lksdk.NewLocalTrack(webrtc.RTPCodecCapability{
		MimeType: webrtc.MimeTypeOpus, ClockRate: 48_000, Channels: 2,
	})
	if err != nil {
		return nil, err
	}
	play(track, &Sound{lksdk.NullSampleProvider{
		BytesPerSample: opusBitrateBps / 8 / uint32(time.Second/opusFrame), SampleDuration: opusFrame,
	}})
	options := &lksdk.TrackPublicationOptions{Name: "audio", Source: livekit.TrackSource_MICROPHONE}
	return room.LocalParticipant.PublishTrack(track, options)
}

func publishVideo(room *lksdk.Room, id string, simulcast bool) (*lksdk.LocalTrackPublication, error) {
	tracks := []*lksdk.LocalTrack{}
	for _, layer := range layers {
		film := &Film{layer: layer}
		options := []lksdk.LocalTrackOptions{lksdk.WithRTCPHandler(film.feedback)}
		if simulcast {
			options = append(options, lksdk.WithSimulcast(id, &livekit.VideoLayer{
				Quality: layer.quality, Width: layer.width, Height: layer.height, Bitrate: uint32(layer.bitrateBps),
			}))
		}
		track, err := lksdk.NewLocalTrack(webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeVP8, ClockRate: 90_000,
			RTCPFeedback: []webrtc.RTCPFeedback{{Type: "nack"}, {Type: "nack", Parameter: "pli"}},
		}, options...)
		if err != nil {
			return nil, err
		}
		play(track, film)
		tracks = append(tracks, track)
	}
	high := layers[len(layers)-1]
	options := &lksdk.TrackPublicationOptions{
		Name: "video", Source: livekit.TrackSource_CAMERA, VideoWidth: int(high.width), VideoHeight: int(high.height),
	}
	if !simulcast {
		return room.LocalParticipant.PublishTrack(tracks[len(tracks)-1], options)
	}
	return room.LocalParticipant.PublishSimulcastTrack(tracks, options)
}

// play writes from when the track is negotiated until it is closed.
func play(track *lksdk.LocalTrack, provider lksdk.SampleProvider) {
	track.OnBind(func() {
		if err := track.StartWrite(provider, nil); err != nil {
			panic(err) // the provider's OnBind cannot fail
		}
	})
}
