package main

import (
	"strings"
	"time"

	"github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"
)

// Command is one line of input; "do" says which of the others are used.
type Command struct {
	Do          string            `json:"do"`
	Path        string            `json:"path"`
	Source      string            `json:"source"`
	Fps         int               `json:"fps"`
	Text        string            `json:"text"`
	Topic       string            `json:"topic"`
	To          []string          `json:"to"`
	Lossy       bool              `json:"lossy"`
	Size        int               `json:"size"`
	Method      string            `json:"method"`
	Track       string            `json:"track"`
	Value       bool              `json:"value"`
	Attributes  map[string]string `json:"attributes"`
	Scenario    string            `json:"scenario"`
	Quality     string            `json:"quality"`
	Participant string            `json:"participant"`
}

// Client does what it is told.
type Client struct {
	room     *lksdk.Room
	recorder *Recorder
}

var scenarios = map[string]lksdk.SimulateScenario{
	"signal_reconnect":             lksdk.SimulateSignalReconnect,
	"speaker_update":               lksdk.SimulateSpeakerUpdate,
	"migration":                    lksdk.SimulateMigration,
	"server_leave":                 lksdk.SimulateServerLeave,
	"node_failure":                 lksdk.SimulateNodeFailure,
	"force_tls":                    lksdk.SimulateForceTLS,
	"leave_request_full_reconnect": lksdk.SimulateLeaveRequestFullReconnect,
}

func (c *Client) do(command Command) {
	local := c.room.LocalParticipant
	var err error
	switch command.Do {
	case "publish":
		err = c.publish(command)
	case "unpublish":
		err = local.UnpublishTrack(command.Track)
	case "mute":
		local.GetTrackPublication(livekit.TrackSource_CAMERA).(*lksdk.LocalTrackPublication).SetMuted(command.Value)
	case "subscribe":
		err = c.remote(command.Track).SetSubscribed(command.Value)
	case "enable":
		c.remote(command.Track).SetEnabled(command.Value)
	case "quality":
		quality := livekit.VideoQuality(livekit.VideoQuality_value[command.Quality])
		err = c.remote(command.Track).SetVideoQuality(quality)
	case "data":
		err = local.PublishDataPacket(
			&lksdk.UserDataPacket{Payload: []byte(command.Text), Topic: command.Topic},
			lksdk.WithDataPublishReliable(!command.Lossy), lksdk.WithDataPublishDestination(command.To),
		)
	case "text":
		text := command.Text + strings.Repeat("я", command.Size)
		local.SendText(text, lksdk.StreamTextOptions{Topic: command.Topic, DestinationIdentities: command.To, Attributes: command.Attributes})
	case "file":
		_, err = local.SendFile(command.Path, lksdk.StreamBytesOptions{Topic: command.Topic, DestinationIdentities: command.To})
	case "rpc":
		err = c.call(command)
	case "metadata":
		local.SetMetadata(command.Text)
	case "name":
		local.SetName(command.Text)
	case "attributes":
		local.SetAttributes(command.Attributes)
	case "simulate":
		c.room.Simulate(scenarios[command.Scenario])
	case "received":
		c.recorder.tell()
	default:
		tell("error", Event{"error": "unknown command " + command.Do})
	}
	if err != nil {
		tell("error", Event{"do": command.Do, "error": err.Error()})
	}
}

func (c *Client) call(command Command) error {
	timeout := 10 * time.Second
	answer, err := c.room.LocalParticipant.PerformRpc(lksdk.PerformRpcParams{
		DestinationIdentity: command.To[0], Method: command.Method, Payload: command.Text, ResponseTimeout: &timeout,
	})
	if err != nil {
		return err
	}
	tell("rpc_answer", Event{"text": *answer})
	return nil
}

// remote finds a publication of somebody else; a test names only what it was told of.
func (c *Client) remote(sid string) *lksdk.RemoteTrackPublication {
	for _, participant := range c.room.GetRemoteParticipants() {
		for _, publication := range participant.TrackPublications() {
			if publication.SID() == sid {
				return publication.(*lksdk.RemoteTrackPublication)
			}
		}
	}
	panic("no track " + sid)
}

// handleStreams tells of streams under the topic "stream" and answers calls of "upper" and "fail".
func handleStreams(room *lksdk.Room) {
	must(room.RegisterTextStreamHandler("stream", func(reader *lksdk.TextStreamReader, from string) {
		text := reader.ReadAll()
		tell("text", Event{"from": from, "size": len([]rune(text)), "start": first(text, 20), "attributes": reader.Info.Attributes})
	}))
	must(room.RegisterByteStreamHandler("stream", func(reader *lksdk.ByteStreamReader, from string) {
		data := reader.ReadAll()
		sum := 0
		for _, value := range data {
			sum += int(value)
		}
		tell("bytes", Event{"from": from, "size": len(data), "sum": sum, "name": *reader.Info.Name})
	}))
	must(room.RegisterRpcMethod("upper", func(data lksdk.RpcInvocationData) (string, error) {
		return data.CallerIdentity + ":" + strings.ToUpper(data.Payload), nil
	}))
	must(room.RegisterRpcMethod("fail", func(data lksdk.RpcInvocationData) (string, error) {
		return "", lksdk.NewRpcError(1500, "as asked", nil)
	}))
}

func first(text string, length int) string {
	runes := []rune(text)
	return string(runes[:min(length, len(runes))])
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
