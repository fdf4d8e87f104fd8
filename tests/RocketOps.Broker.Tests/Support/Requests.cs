using System.Text;
using RocketOps.Broker.Messages;
using RocketOps.Protocol.Commands;

namespace RocketOps.Broker.Tests.Support;

/// <summary>Requests as clients write them, and what answers hold.</summary>
internal static class Requests
{
    public static RemotingCommand Send(string topic, string body, int queueId = 0, string properties = "", string group = "pg")
    {
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.SendMessageV2)
            .Set("a", group)
            .Set("b", topic)
            .Set("c", "TBW102")
            .Set("d", 4)
            .Set("e", queueId)
            .Set("f", 0)
            .Set("g", 1_731_999_999_000L)
            .Set("h", 0)
            .Set("i", properties)
            .Set("m", false);
        request.Body = Encoding.UTF8.GetBytes(body);
        return request;
    }

    public static RemotingCommand Pull(string group, string topic, int queueId, long offset, int sysFlag = 0, long holdMs = 0, int max = 32, long commit = 0, string? subscription = null) =>
        RemotingCommand.CreateRequest(RequestCode.PullMessage)
            .Set("consumerGroup", group)
            .Set("topic", topic)
            .Set("queueId", queueId)
            .Set("queueOffset", offset)
            .Set("maxMsgNums", max)
            .Set("sysFlag", sysFlag)
            .Set("commitOffset", commit)
            .Set("suspendTimeoutMillis", holdMs)
            .Set("subscription", subscription)
            .Set("subVersion", 0L)
            .Set("expressionType", "TAG");

    /// <summary>Encoded properties of name, value pairs.</summary>
    public static string Properties(params (string Name, string Value)[] properties) => string.Concat(properties.Select(static pair => $"{pair.Name}\u0001{pair.Value}\u0002"));

    /// <summary>A client batch body (remoting.md §4.6) of messages without properties.</summary>
    public static byte[] Batch(params string[] bodies)
    {
        List<byte> encoded = [];
        foreach (string body in bodies)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(body);
            foreach (int number in (int[])[22 + bytes.Length, 0, 0, 0, bytes.Length])
            {
                encoded.AddRange([(byte)(number >> 24), (byte)(number >> 16), (byte)(number >> 8), (byte)number]);
            }

            encoded.AddRange(bytes);
            encoded.AddRange([0, 0]);
        }

        return [.. encoded];
    }

    /// <summary>The messages of a pull's body: topic, body, properties, offset, reconsume times.</summary>
    public static IReadOnlyList<Received> Decode(RemotingCommand answer)
    {
        List<Received> messages = [];
        ReadOnlySpan<byte> rest = answer.Body.Span;
        while (!rest.IsEmpty)
        {
            int size = RecordView.SizeAt(rest);
            RecordView record = RecordView.Read(rest[..size]);
            messages.Add(new Received(
                record.TopicName, Encoding.UTF8.GetString(record.Body), MessageProperties.Parse(record.Properties), record.QueueId, record.QueueOffset, record.PhysicalOffset, record.ReconsumeTimes));
            rest = rest[size..];
        }

        return messages;
    }

    internal sealed record Received(string Topic, string Body, MessageProperties Properties, int QueueId, long QueueOffset, long PhysicalOffset, int ReconsumeTimes);
}
