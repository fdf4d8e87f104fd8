using RocketOps.Broker.Configuration;
using RocketOps.Broker.Messages;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;
using RocketOps.Store;
using RocketOps.Store.Contracts;

namespace RocketOps.Broker.Handlers.Queries;

/// <summary>QUERY_MESSAGE (12): messages of a topic by key or unique key. The index knows hashes only, so topic and key are compared here. Source: store.md §5.6.</summary>
internal sealed class QueryMessageHandler(CurrentOptions<QueryOptions> options, TopicTable topics, MessageStore store) : HeavyRequestHandler
{
    /// <summary>Bytes of one answer: the frame limit of 16 MiB with room for the header.</summary>
    private const int MaxAnswerBytes = 15 * 1024 * 1024;

    private const int LargeBytes = 256 * 1024;

    protected override async ValueTask<RemotingCommand?> BuildAsync(RemotingCommand request, HeavyAnswer answer, CancellationToken cancellationToken)
    {
        QueryOptions now = options.Value;
        string key = request.GetRequired("key");
        bool byUniqueKey = request.GetBoolean("_UNIQUE_KEY_QUERY", fallback: false);
        int wanted = byUniqueKey ? now.DefaultQueryMaxNum : request.GetRequiredInt32("maxNum");
        int maxNum = Math.Clamp(wanted, 1, now.MaxMessagesNumBatch);
        if (topics.TryGet(request.GetRequired("topic"), out TopicState? topic))
        {
            IndexQueryResult found = await store.Reader.QueryIndexAsync(
                topic.StoreTopic, key, maxNum, request.GetRequiredInt64("beginTimestamp"), request.GetRequiredInt64("endTimestamp"), cancellationToken);
            byte[] body = await ReadAsync(topic, key, byUniqueKey, found.Offsets, answer, cancellationToken);
            if (body.Length > 0)
            {
                RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success)
                    .Set("indexLastUpdateTimestamp", found.LastUpdateTimestamp)
                    .Set("indexLastUpdatePhyoffset", found.LastUpdateOffset.Value);
                response.Body = body;
                return response;
            }
        }

        throw new RemotingCommandException(ResponseCode.QueryNotFound, "can not find message, maybe time range not correct");
    }

    private async Task<byte[]> ReadAsync(
        TopicState topic, string key, bool byUniqueKey, IReadOnlyList<PhysicalOffset> offsets, HeavyAnswer answer, CancellationToken cancellationToken)
    {
        List<byte[]> records = [];
        int bytes = 0;
        foreach (PhysicalOffset offset in offsets)
        {
            int held = 0;
            byte[]? record = await store.Reader.LookMessageAsync(offset, size => answer.Add(held = size), cancellationToken);
            if (record is null || !Matches(record, topic, key, byUniqueKey) || bytes + record.Length > MaxAnswerBytes)
            {
                answer.Add(-held);
                continue;
            }

            // Once more: it is held beside the others, and will be in the answer.
            answer.Add(record.Length);
            records.Add(record);
            bytes += record.Length;
            if (record.Length >= LargeBytes)
            {
                // Others have their turn: megabytes take a thread of the pool long, and it has few.
                await Task.Yield();
            }
        }

        return Join(records, bytes);
    }

    private static byte[] Join(List<byte[]> records, int bytes)
    {
        byte[] body = GC.AllocateUninitializedArray<byte>(bytes);
        int at = 0;
        foreach (byte[] record in records)
        {
            record.CopyTo(body, at);
            at += record.Length;
        }

        return body;
    }

    private static bool Matches(byte[] bytes, TopicState topic, string key, bool byUniqueKey)
    {
        RecordView record = RecordView.Read(bytes);
        if (!record.Topic.SequenceEqual(topic.Utf8Name))
        {
            return false;
        }

        MessageProperties properties = MessageProperties.Parse(record.Properties);
        bool isUniqueKey = string.Equals(properties.Get(PropertyNames.UniqKey), key, StringComparison.Ordinal);
        return isUniqueKey || (!byUniqueKey && (properties.Get(PropertyNames.Keys) ?? string.Empty).Split(' ').Contains(key, StringComparer.Ordinal));
    }
}
