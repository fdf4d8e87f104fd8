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
        Argument<string> topic = new("TOPIC") { Description = "Topic to send to" };
        Argument<string> body = new("BODY") { Description = "Text of the message; - reads standard input" };
        (Option<string> nameServers, Option<string> format) = (CommonOptions.NameServers(), CommonOptions.Format());
        Option<string?> tag = new("--tag", "-t") { Description = "Tag consumers can filter by" };
        Option<string[]> keys = new("--key", "-k") { Description = "Key the message can be found by; may be given several times" };
        Command command = new("send", "Send one message") { topic, body, nameServers, format, tag, keys };
        command.SetAction(async (parsed, cancellation) =>
        {
            string text = parsed.GetValue(body)!;
            byte[] bytes = text == "-" ? await ReadInputAsync(cancellation) : Encoding.UTF8.GetBytes(text);
            await using RocketMqProducer producer = new(new ProducerOptions { NameServers = parsed.GetValue(nameServers)! });
            SendResult result = await producer.SendAsync(new Message(parsed.GetValue(topic)!, bytes, parsed.GetValue(tag), parsed.GetValue(keys) ?? []), cancellation);
            Listing listing = new("status", "messageId", "broker", "queue", "offset");
            listing.Add(result.Status.ToString(), result.MessageId, result.Queue.BrokerName, result.Queue.QueueId, result.QueueOffset);
            await listing.WriteAsync(parsed.GetValue(format)!, Console.Out);
            return result.Status == SendStatus.SendOk ? ExitCodes.Success : ExitCodes.Failed;
        });
        return command;
    }

    private static Command Tail()
    {
        Argument<string> topic = new("TOPIC") { Description = "Topic to watch" };
        (Option<string> nameServers, Option<string> format) = (CommonOptions.NameServers(), CommonOptions.Format());
        Option<string> tags = new("--tags", "-t") { Description = "Tag expression, for example \"a || b\"", DefaultValueFactory = _ => "*" };
        Command command = new("tail", "Show new messages as they come, until Ctrl-C; takes none away from any group") { topic, nameServers, format, tags };
        command.SetAction(async (parsed, _) =>
        {
            using StopSignals signals = new();
            bool isJson = parsed.GetValue(format) == "json";

            // Broadcasting: a group of its own that shares with nobody, with offsets in a folder that goes with it.
            DirectoryInfo folder = Directory.CreateTempSubdirectory("rocketops-tail-");
            try
            {
                await using RocketMqPushConsumer consumer = new(new PushConsumerOptions
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
        using MemoryStream buffer = new();
        await using Stream input = Console.OpenStandardInput();
        await input.CopyToAsync(buffer, cancellation);
        return buffer.ToArray();
    }

    /// <summary>What strangers send must not move the cursor or change colours of the terminal it is shown on.</summary>
    private static string Printable(string text) => string.Create(text.Length, text, static (shown, original) =>
    {
        for (int i = 0; i < original.Length; i++)
        {
            shown[i] = char.IsControl(original[i]) && original[i] is not '\t' ? '\uFFFD' : original[i];
        }
    });

    private static async ValueTask<ConsumeResult> ShowAsync(ReceivedMessage message, bool isJson)
    {
        string body = Encoding.UTF8.GetString(message.Body.Span);
        string line = isJson
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
