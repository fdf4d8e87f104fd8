using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using RocketOps.Cli.Output;
using RocketOps.Client;

namespace RocketOps.Cli.Messages;

/// <summary><c>rocketops message</c>: send one, watch what comes.</summary>
internal static class MessageCommand
{
    public static Command Create() => new("message", "Send and watch messages") { Send(), Tail() };

    private static Command Send()
    {
        var topic = new Argument<string>("TOPIC") { Description = "Topic to send to" };
        var body = new Argument<string>("BODY") { Description = "Text of the message; - reads standard input" };
        var (nameServers, format) = (CommonOptions.NameServers(), CommonOptions.Format());
        var tag = new Option<string?>("--tag", "-t") { Description = "Tag consumers can filter by" };
        var keys = new Option<string[]>("--key", "-k") { Description = "Key the message can be found by; may be given several times" };
        var command = new Command("send", "Send one message") { topic, body, nameServers, format, tag, keys };
        command.SetAction(async (parsed, cancellation) =>
        {
            var text = parsed.GetValue(body)!;
            var bytes = text == "-" ? await ReadInputAsync(cancellation) : Encoding.UTF8.GetBytes(text);
            await using var producer = new RocketMqProducer(new ProducerOptions { NameServers = parsed.GetValue(nameServers)! });
            var result = await producer.SendAsync(new Message(parsed.GetValue(topic)!, bytes, parsed.GetValue(tag), parsed.GetValue(keys) ?? []), cancellation);
            var listing = new Listing("status", "messageId", "broker", "queue", "offset");
            listing.Add(result.Status.ToString(), result.MessageId, result.Queue.BrokerName, result.Queue.QueueId, result.QueueOffset);
            await listing.WriteAsync(parsed.GetValue(format)!, Console.Out);
            return result.Status == SendStatus.SendOk ? ExitCodes.Success : ExitCodes.Failed;
        });
        return command;
    }

    private static Command Tail()
    {
        var topic = new Argument<string>("TOPIC") { Description = "Topic to watch" };
        var (nameServers, format) = (CommonOptions.NameServers(), CommonOptions.Format());
        var tags = new Option<string>("--tags", "-t") { Description = "Tag expression, for example \"a || b\"", DefaultValueFactory = _ => "*" };
        var command = new Command("tail", "Show new messages as they come, until Ctrl-C; takes none away from any group") { topic, nameServers, format, tags };
        command.SetAction(async (parsed, _) =>
        {
            using var signals = new StopSignals();
            var isJson = parsed.GetValue(format) == "json";

            // Broadcasting: a group of its own that shares with nobody, with offsets in a folder that goes with it.
            var folder = Directory.CreateTempSubdirectory("rocketops-tail-");
            try
            {
                await using var consumer = new RocketMqPushConsumer(new PushConsumerOptions
                {
                    NameServers = parsed.GetValue(nameServers)!,
                    Group = "rocketops-tail",
                    MessageModel = MessageModel.Broadcasting,
                    BroadcastOffsetFolder = folder.FullName,
                    MaxConcurrency = 1,
                });
                await consumer.SubscribeAsync(parsed.GetValue(topic)!, parsed.GetValue(tags)!, (message, _) => ShowAsync(message, isJson), signals.Token);
                await consumer.StartAsync(signals.Token);
                await Task.Delay(Timeout.InfiniteTimeSpan, signals.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            finally
            {
                folder.Delete(recursive: true);
            }

            return ExitCodes.Success;
        });
        return command;
    }

    private static async Task<byte[]> ReadInputAsync(CancellationToken cancellation)
    {
        using var buffer = new MemoryStream();
        await using var input = Console.OpenStandardInput();
        await input.CopyToAsync(buffer, cancellation);
        return buffer.ToArray();
    }

    /// <summary>What strangers send must not move the cursor or change colours of the terminal it is shown on.</summary>
    private static string Printable(string text) => string.Create(text.Length, text, static (shown, original) =>
    {
        for (var i = 0; i < original.Length; i++)
        {
            shown[i] = char.IsControl(original[i]) && original[i] is not '\t' ? '\uFFFD' : original[i];
        }
    });

    private static async ValueTask<ConsumeResult> ShowAsync(ReceivedMessage message, bool isJson)
    {
        var body = Encoding.UTF8.GetString(message.Body.Span);
        var line = isJson
            ? new JsonObject
            {
                ["storeTime"] = message.StoreTime.ToString("O"),
                ["broker"] = message.Queue.BrokerName,
                ["queue"] = message.Queue.QueueId,
                ["offset"] = message.QueueOffset,
                ["messageId"] = message.MessageId,
                ["tag"] = message.Tag,
                ["keys"] = message.Keys,
                ["body"] = body,
            }.ToJsonString()
            : $"{message.StoreTime.LocalDateTime:HH:mm:ss.fff} {message.Queue.BrokerName}/{message.Queue.QueueId}@{message.QueueOffset} {Printable(message.Tag ?? "-")} {Printable(message.Keys ?? "-")} {Printable(body)}";
        await Console.Out.WriteLineAsync(line);
        return ConsumeResult.Success;
    }
}
