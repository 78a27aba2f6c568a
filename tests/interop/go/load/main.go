// What `lk perf load-test` does, by the SDK that it is built on and with its options: publishers of audio and of
// simulcast video, and subscribers who take everything. It fails if a subscriber got nothing of some track, or if
// anybody could not join or was disconnected.
package main

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"time"

	"github.com/livekit/protocol/logger"
	lksdk "github.com/livekit/server-sdk-go/v2"
)

// Joins follow each other so, as with `lk`.
const joinInterval = 200 * time.Millisecond

// Plan is the shape of the load.
type Plan struct {
	url, key, secret, room, layout     string
	video, audio, subscribers          int
	duration                           time.Duration
	simulateSpeakers, withoutSimulcast bool
}

func main() {
	var plan Plan
	flag.StringVar(&plan.url, "url", "", "address of the server")
	flag.StringVar(&plan.key, "api-key", "", "")
	flag.StringVar(&plan.secret, "api-secret", "", "")
	flag.StringVar(&plan.room, "room", "", "name of the room; others may be in it")
	flag.StringVar(&plan.layout, "layout", "speaker", "how subscribers show video: speaker, 3x3, 4x4 or 5x5")
	flag.IntVar(&plan.video, "video-publishers", 0, "")
	flag.IntVar(&plan.audio, "audio-publishers", 0, "the first of them publish video too")
	flag.IntVar(&plan.subscribers, "subscribers", 0, "")
	flag.DurationVar(&plan.duration, "duration", 10*time.Second, "from the last join")
	flag.BoolVar(&plan.simulateSpeakers, "simulate-speakers", false, "")
	flag.BoolVar(&plan.withoutSimulcast, "no-simulcast", false, "")
	flag.Parse()
	lksdk.SetLogger(logger.GetDiscardLogger())
	if err := run(plan); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(plan Plan) error {
	load := &Load{plan: plan, prefix: fmt.Sprintf("load-%08x", rand.Uint32()), published: map[string]bool{}}
	defer load.leave()
	for number := range max(plan.video, plan.audio) {
		if err := load.publisher(number); err != nil {
			return fmt.Errorf("publisher %d: %w", number, err)
		}
		time.Sleep(joinInterval)
	}
	for number := range plan.subscribers {
		if err := load.subscriber(number); err != nil {
			return fmt.Errorf("subscriber %d: %w", number, err)
		}
		time.Sleep(joinInterval)
	}
	load.stay()
	return load.judge()
}

// Load is everybody who has joined, and what went wrong.
type Load struct {
	plan       Plan
	prefix     string
	publishers []*lksdk.Room
	counters   []*Counter
	rooms      []*lksdk.Room
	published  map[string]bool // by SID
	lock       sync.Mutex
	problems   []error
}

func (l *Load) join(identity string, callback *lksdk.RoomCallback, options ...lksdk.ConnectOption) (*lksdk.Room, error) {
	callback.OnDisconnectedWithReason = func(reason lksdk.DisconnectionReason) {
		l.lock.Lock()
		defer l.lock.Unlock()
		l.problems = append(l.problems, fmt.Errorf("%s was disconnected: %s", identity, reason))
	}
	room, err := lksdk.ConnectToRoom(l.plan.url, lksdk.ConnectInfo{
		APIKey: l.plan.key, APISecret: l.plan.secret, RoomName: l.plan.room, ParticipantIdentity: identity,
	}, callback, options...)
	if err == nil {
		l.rooms = append(l.rooms, room)
	}
	return room, err
}

func (l *Load) publisher(number int) error {
	identity := fmt.Sprintf("%s_pub_%d", l.prefix, number)
	room, err := l.join(identity, lksdk.NewRoomCallback(), lksdk.WithAutoSubscribe(false))
	if err != nil {
		return err
	}
	l.publishers = append(l.publishers, room)
	if number < l.plan.audio {
		if err := l.publish(publishSound(room)); err != nil {
			return err
		}
	}
	if number < l.plan.video {
		return l.publish(publishVideo(room, identity, !l.plan.withoutSimulcast))
	}
	return nil
}

func (l *Load) publish(publication *lksdk.LocalTrackPublication, err error) error {
	if err == nil {
		l.published[publication.SID()] = true
	}
	return err
}

func (l *Load) subscriber(number int) error {
	counter := &Counter{identity: fmt.Sprintf("%s_sub_%d", l.prefix, number), layout: l.plan.layout, packets: map[string]int{}}
	l.counters = append(l.counters, counter)
	callback := lksdk.NewRoomCallback()
	callback.OnTrackSubscribed = counter.subscribed
	_, err := l.join(counter.identity, callback)
	return err
}

// stay waits for the end; other publishers speak each few seconds if so wanted.
func (l *Load) stay() {
	end := time.After(l.plan.duration)
	change := time.NewTicker(2 * time.Second)
	defer change.Stop()
	for {
		select {
		case <-end:
			return
		case <-change.C:
			if l.plan.simulateSpeakers {
				l.publishers[rand.IntN(len(l.publishers))].Simulate(lksdk.SimulateSpeakerUpdate)
			}
		}
	}
}

func (l *Load) judge() error {
	l.lock.Lock()
	defer l.lock.Unlock()
	for _, counter := range l.counters {
		for sid := range l.published {
			if counter.received(sid) == 0 {
				l.problems = append(l.problems, fmt.Errorf("%s got nothing of %s", counter.identity, sid))
			}
		}
	}
	return errors.Join(l.problems...)
}

func (l *Load) leave() {
	for _, room := range l.rooms {
		room.Disconnect()
	}
}
