using System.Globalization;
using System.Text;
using RocketOps.Broker.Messages;
using RocketOps.Protocol.Commands;

namespace RocketOps.Broker.Tests.Support;

/// <summary>Requests as clients write them, and what answers hold.</summary>
internal static class Requests
{
    // Of a send's fields, whose short ones are letters in this order (remoting.md §2.2).
    private static readonly string[] LongNames =
    [
        "producerGroup", "topic", "defaultTopic", "defaultTopicQueueNums", "queueId", "sysFlag", "bornTimestamp", "flag", "properties",
        "reconsumeTimes", "unitMode",
    ];

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

    /// <summary>SEND_BATCH_MESSAGE of messages without properties.</summary>
    public static RemotingCommand SendBatch(string topic, string[] bodies, string properties = "")
    {
        RemotingCommand request = Send(topic, string.Empty, properties: properties).Set("m", true);
        request.Code = RequestCode.SendBatchMessage;
        request.Body = Batch(bodies);
        return request;
    }

    /// <summary>SEND_REPLY_MESSAGE_V2, or SEND_REPLY_MESSAGE by its long names.</summary>
    public static RemotingCommand Reply(
        string topic, string body, string properties, int flag = 0, int code = RequestCode.SendReplyMessageV2)
    {
        string ownFlag = flag.ToString(CultureInfo.InvariantCulture);
        string[] values = ["pg", topic, "TBW102", "4", "0", "0", "1731999999000", ownFlag, properties, "0", "false"];
        RemotingCommand request = RemotingCommand.CreateRequest(code);
        for (int i = 0; i < values.Length; i++)
        {
            request.Set(code == RequestCode.SendReplyMessage ? LongNames[i] : ((char)('a' + i)).ToString(), values[i]);
        }

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

    /// <summary>UPDATE_AND_CREATE_TOPIC, with as many queues to write to as to read from unless told otherwise.</summary>
    public static RemotingCommand Topic(string topic, int queues = 1, int perm = 6, int? writeQueues = null) =>
        RemotingCommand.CreateRequest(RequestCode.UpdateAndCreateTopic)
            .Set("topic", topic)
            .Set("defaultTopic", "TBW102")
            .Set("readQueueNums", queues)
            .Set("writeQueueNums", writeQueues ?? queues)
            .Set("perm", perm)
            .Set("topicFilterType", "SINGLE_TAG")
            .Set("order", false);

    /// <summary>QUERY_CONSUMER_OFFSET.</summary>
    public static RemotingCommand Progress(string group, string topic, int queueId) =>
        RemotingCommand.CreateRequest(RequestCode.QueryConsumerOffset)
            .Set("consumerGroup", group)
            .Set("topic", topic)
            .Set("queueId", queueId);

    /// <summary>UPDATE_CONSUMER_OFFSET.</summary>
    public static RemotingCommand Commit(string group, string topic, int queueId, long offset) =>
        RemotingCommand.CreateRequest(RequestCode.UpdateConsumerOffset)
            .Set("consumerGroup", group)
            .Set("topic", topic)
            .Set("queueId", queueId)
            .Set("commitOffset", offset);

    /// <summary>CONSUMER_SEND_MSG_BACK of the message at a physical offset.</summary>
    public static RemotingCommand SendBack(string group, long offset, int delayLevel = 18, int maxReconsumeTimes = 16) =>
        RemotingCommand.CreateRequest(RequestCode.ConsumerSendMessageBack)
            .Set("offset", offset)
            .Set("group", group)
            .Set("delayLevel", delayLevel)
            .Set("maxReconsumeTimes", maxReconsumeTimes);

    /// <summary>HEART_BEAT of a consumer that subscribes to one topic.</summary>
    public static RemotingCommand Heartbeat(
        string group, string topic, string expression = "*", string clientId = "client-1", long version = 1, string type = "TAG") =>
        Heartbeat(string.Create(
            CultureInfo.InvariantCulture,
            $$"""
            {"clientID":"{{clientId}}","consumerDataSet":[{"consumeFromWhere":"CONSUME_FROM_LAST_OFFSET","consumeType":"CONSUME_PASSIVELY",
            "groupName":"{{group}}","messageModel":"CLUSTERING","subscriptionDataSet":[
            {"expressionType":"{{type}}","subString":"{{expression}}","subVersion":{{version}},"topic":"{{topic}}"}],
            "unitMode":false}],"producerDataSet":[{"groupName":"CLIENT_INNER_PRODUCER"}]}
            """));

    /// <summary>HEART_BEAT of a producer.</summary>
    public static RemotingCommand ProducerHeartbeat(string clientId, params IEnumerable<string> groups)
    {
        string producers = string.Join(',', groups.Select(static group => $$"""{"groupName":"{{group}}"}"""));
        return Heartbeat($$"""{"clientID":"{{clientId}}","consumerDataSet":[],"producerDataSet":[{{producers}}]}""");
    }

    /// <summary>HEART_BEAT with any body.</summary>
    public static RemotingCommand Heartbeat(string body)
    {
        RemotingCommand request = RemotingCommand.CreateRequest(RequestCode.HeartBeat);
        request.Body = Encoding.UTF8.GetBytes(body);
        return request;
    }

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
