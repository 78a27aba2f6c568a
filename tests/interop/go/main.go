// A participant by the published Go SDK, driven by the tests: one JSON command a line on standard input, one JSON
// event a line on standard output. It ends when its input does.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/logger"
	lksdk "github.com/livekit/server-sdk-go/v2"
)

// Event is one line of output: its kind stands under "event".
type Event map[string]any

var output sync.Mutex

func tell(kind string, event Event) {
	event["event"] = kind
	line, err := json.Marshal(event)
	if err != nil {
		panic(err) // events are made of strings and numbers
	}
	output.Lock()
	defer output.Unlock()
	fmt.Println(string(line))
}

func main() {
	url := flag.String("url", "", "ws:// address of the server")
	token := flag.String("token", "", "access token")
	single := flag.Bool("single", false, "one peer connection (v1)")
	manual := flag.Bool("manual", false, "no automatic subscription")
	record := flag.String("record", "", "folder for received video")
	flag.Parse()
	lksdk.SetLogger(logger.GetDiscardLogger())

	recorder := &Recorder{folder: *record, tracks: map[string]*Recorded{}}
	room := lksdk.NewRoom(callbacks(recorder))
	handleStreams(room)
	options := []lksdk.ConnectOption{lksdk.WithAutoSubscribe(!*manual), lksdk.WithConnectTimeout(15 * time.Second)}
	if *single {
		options = append(options, lksdk.WithSinglePeerConnection())
	}
	if err := room.JoinWithToken(*url, *token, options...); err != nil {
		tell("refused", Event{"error": err.Error()})
		os.Exit(1)
	}
	tell("joined", Event{"sid": room.LocalParticipant.SID(), "room": room.Name(), "metadata": room.Metadata()})
	client := &Client{room: room, recorder: recorder}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var command Command
		if err := json.Unmarshal(lines.Bytes(), &command); err != nil {
			tell("error", Event{"error": err.Error()})
			continue
		}
		go client.do(command) // a call waits for its answer while other commands go on
	}
	room.Disconnect()
	recorder.close()
}

func callbacks(recorder *Recorder) *lksdk.RoomCallback {
	callback := lksdk.NewRoomCallback()
	callback.OnDisconnectedWithReason = func(reason lksdk.DisconnectionReason) {
		tell("disconnected", Event{"reason": string(reason)})
	}
	callback.OnReconnecting = func() { tell("reconnecting", Event{}) }
	callback.OnReconnected = func() { tell("reconnected", Event{}) }
	callback.OnParticipantConnected = func(p *lksdk.RemoteParticipant) {
		tell("participant_connected", Event{"identity": p.Identity()})
	}
	callback.OnParticipantDisconnected = func(p *lksdk.RemoteParticipant) {
		tell("participant_disconnected", Event{"identity": p.Identity()})
	}
	callback.OnActiveSpeakersChanged = func(speakers []lksdk.Participant) {
		identities := []string{}
		for _, speaker := range speakers {
			identities = append(identities, speaker.Identity())
		}
		tell("speakers", Event{"identities": identities})
	}
	callback.OnRoomMetadataChanged = func(metadata string) { tell("room_metadata", Event{"metadata": metadata}) }
	callback.OnLocalTrackSubscribed = func(p *lksdk.LocalTrackPublication, _ *lksdk.LocalParticipant) {
		tell("local_track_subscribed", Event{"track": p.SID()})
	}
	participantCallbacks(&callback.ParticipantCallback)
	trackCallbacks(&callback.ParticipantCallback, recorder)
	return callback
}

func participantCallbacks(callback *lksdk.ParticipantCallback) {
	callback.OnMetadataChanged = func(_ string, p lksdk.Participant) {
		tell("metadata", Event{"identity": p.Identity(), "metadata": p.Metadata()})
	}
	callback.OnAttributesChanged = func(changed map[string]string, p lksdk.Participant) {
		tell("attributes", Event{"identity": p.Identity(), "changed": changed})
	}
	callback.OnConnectionQualityChanged = func(update *livekit.ConnectionQualityInfo, p lksdk.Participant) {
		tell("quality", Event{"identity": p.Identity(), "quality": update.Quality.String()})
	}
	callback.OnDataPacket = func(packet lksdk.DataPacket, params lksdk.DataReceiveParams) {
		if user, ok := packet.(*lksdk.UserDataPacket); ok {
			tell("data", Event{"topic": user.Topic, "text": string(user.Payload), "from": params.SenderIdentity})
		}
	}
}
