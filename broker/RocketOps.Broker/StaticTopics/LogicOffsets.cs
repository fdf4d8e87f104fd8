using System.Diagnostics;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.StaticTopics;

/// <summary>Offsets of logical queues that this broker leads, for the broker's own use: it asks what clients ask, of what answers them.</summary>
/// <param name="begins">Answers GET_MIN_OFFSET.</param>
/// <param name="ends">Answers GET_MAX_OFFSET.</param>
/// <param name="times">Answers SEARCH_OFFSET_BY_TIMESTAMP.</param>
/// <param name="progress">Answers QUERY_CONSUMER_OFFSET.</param>
internal sealed class LogicOffsets(AsyncRequestHandler begins, AsyncRequestHandler ends, AsyncRequestHandler times, AsyncRequestHandler progress)
{
    public Task<long> BeginAsync(string topic, int queueId, RemotingConnection connection, CancellationToken cancellationToken) =>
        AskAsync(begins, Request(RequestCode.GetMinOffset, topic, queueId), connection, cancellationToken);

    public Task<long> EndAsync(string topic, int queueId, RemotingConnection connection, CancellationToken cancellationToken) =>
        AskAsync(ends, Request(RequestCode.GetMaxOffset, topic, queueId), connection, cancellationToken);

    /// <summary>Offset of the first message that is as young.</summary>
    public Task<long> AtAsync(string topic, int queueId, long timestamp, RemotingConnection connection, CancellationToken cancellationToken) =>
        AskAsync(times, Request(RequestCode.SearchOffsetByTimestamp, topic, queueId).Set("timestamp", timestamp), connection, cancellationToken);

    /// <summary>Returns the offset that the group has committed, −1 for none.</summary>
    public Task<long> ProgressAsync(string topic, int queueId, string group, RemotingConnection connection, CancellationToken cancellationToken) =>
        AskAsync(progress, Request(RequestCode.QueryConsumerOffset, topic, queueId).Set("consumerGroup", group).Set("setZeroIfNotFound", false), connection, cancellationToken);

    private static RemotingCommand Request(int code, string topic, int queueId) => RemotingCommand.CreateRequest(code).Set("topic", topic).Set("queueId", queueId);

    private static async Task<long> AskAsync(AsyncRequestHandler handler, RemotingCommand request, RemotingConnection connection, CancellationToken cancellationToken)
    {
        RemotingCommand answer = await handler.HandleAsync(connection, request, cancellationToken) ?? throw new UnreachableException();
        return answer.Code switch
        {
            ResponseCode.Success => answer.GetRequiredInt64("offset"),
            ResponseCode.QueryNotFound => -1,
            _ => throw new RemotingCommandException(answer.Code, answer.Remark ?? string.Empty),
        };
    }
}
