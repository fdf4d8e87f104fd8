using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using RocketOps.Broker.Clients;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Messages;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Headers;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.RequestReply;

/// <summary>Hands a reply on to the producer that waits for it: PUSH_REPLY_MESSAGE_TO_CLIENT (326). Source: remoting.md §2.6, §5.11; texts as ReplyMessageProcessor writes them. Thread-safe.</summary>
internal sealed partial class ReplyPusher(ProducerTable producers, AskerTable askers, BrokerAddress address, TimeProvider time, ILogger<ReplyPusher> logger)
{
    /// <summary>RocketMQ waits as long for a client.</summary>
    private static readonly TimeSpan ClientTimeout = TimeSpan.FromSeconds(10);

    /// <summary>The frame that tells a client of a reply with these properties. <paramref name="sender"/> is where the reply came from.</summary>
    public RemotingCommand Write(scoped in RequestFrame frame, scoped in SendMessageRequestHeader header, MessageProperties properties, RemotingConnection sender)
    {
        string now = time.GetUtcNow().ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
        properties.Set(PropertyNames.PushReplyTime, now);
        RemotingCommand question = RemotingCommand.CreateRequest(RequestCode.PushReplyMessageToClient)
            .Set("producerGroup", Encoding.UTF8.GetString(header.ProducerGroup))
            .Set("topic", Encoding.UTF8.GetString(header.Topic))
            .Set("defaultTopic", Encoding.UTF8.GetString(header.DefaultTopic))
            .Set("defaultTopicQueueNums", header.DefaultTopicQueueNums)
            .Set("queueId", header.QueueId)
            .Set("sysFlag", header.SysFlag)
            .Set("bornTimestamp", header.BornTimestamp)
            .Set("flag", header.Flag)
            .Set("properties", Encoding.UTF8.GetString(properties.Encode()))
            .Set("reconsumeTimes", header.ReconsumeTimes)
            .Set("unitMode", header.UnitMode)
            .Set("bornHost", MessageHost.From(sender.RemoteEndPoint).ToString())
            .Set("storeHost", address.StoreHost.ToString())
            .Set("storeTimestamp", now);
        question.Body = frame.Body.ToArray();
        return question;
    }

    /// <summary>Sends the frame and waits for the client's word, at most ten seconds; <paramref name="clientId"/> is null when the reply does not say whose it is.</summary>
    public async ValueTask<ReplyPush> PushAsync(RemotingCommand question, string? clientId, CancellationToken cancellationToken)
    {
        if (clientId is null)
        {
            return new ReplyPush("reply message properties[REPLY_TO_CLIENT] is null");
        }

        if ((producers.Find(clientId)?.Connection ?? askers.Find(clientId)) is not { } connection)
        {
            return new ReplyPush($"push reply message fail, channel of <{clientId}> not found.", IsUnknown: true);
        }

        if (askers.OnReply(connection) && connection.FinishBehind(question))
        {
            // It has the reply, and cannot say so any more.
            return default;
        }

        string problem;
        try
        {
            RemotingCommand answer = await connection.InvokeAsync(question, ClientTimeout, cancellationToken);
            if (answer.Code == ResponseCode.Success)
            {
                return default;
            }

            problem = $"it answered {answer.Code.ToString(CultureInfo.InvariantCulture)} {answer.Remark}";
        }
        catch (Exception lost) when (lost is TimeoutException or IOException or InvalidOperationException)
        {
            problem = lost.Message;
        }

        LogNotTaken(clientId, connection.RemoteEndPoint, problem);

        // RocketMQ writes no blank either.
        return new ReplyPush($"push reply message to {clientId}fail.");
    }

    [LoggerMessage(EventId = 3821, Level = LogLevel.Warning, Message = "Client {ClientId} at {Peer} has not taken a reply to its request, it runs into its timeout: {Problem}")]
    private partial void LogNotTaken(string clientId, object? peer, string problem);
}

/// <summary>Result of handing a reply on to the client that asked.</summary>
/// <param name="Problem">RocketMQ's text, null when the client has taken the reply.</param>
/// <param name="IsUnknown">The client is not connected here, or has sent no heartbeat yet.</param>
internal readonly record struct ReplyPush(string? Problem, bool IsUnknown = false)
{
    public bool IsTaken => Problem is null;
}
