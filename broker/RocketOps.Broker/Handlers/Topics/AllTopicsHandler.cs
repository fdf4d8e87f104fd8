using RocketOps.Broker.Json;
using RocketOps.Broker.Persistence;
using RocketOps.Broker.StaticTopics;
using RocketOps.Broker.StaticTopics.Mappings;
using RocketOps.Broker.Topics;
using RocketOps.Protocol.Bodies;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Connections;

namespace RocketOps.Broker.Handlers.Topics;

/// <summary>GET_ALL_TOPIC_CONFIG (21): all topics, or the page asked for, see <see cref="TablePage"/>.</summary>
internal sealed class AllTopicsHandler(TopicTable topics, TopicQueueMappingTable mappings) : HeavyRequestHandler(atOnce: 1)
{
    private const string Sequence = "topicSeq";

    protected override ValueTask<RemotingCommand?> BuildAsync(RemotingCommand request, HeavyAnswer answer, CancellationToken cancellationToken)
    {
        // Read first: a change in between makes the next page begin anew.
        DataVersion mappingVersion = mappings.Version;
        answer.Add((long)topics.Count * TablePage.EntryBytes);
        FollowedTable<TopicConfig> told = topics.Tell();
        DataVersion version = told.Version;
        IReadOnlyDictionary<string, TopicConfig> all = told.Entries;
        IReadOnlyDictionary<string, TopicConfig> page = TablePage.Select(request, Sequence, "maxTopicNum", all, version);
        RemotingCommand response = RemotingCommand.CreateResponse(request, ResponseCode.Success).Set("totalTopicNum", all.Count);
        // A static topic has its mapping a moment before it is a topic: a slave that asks then has this version, and does not ask for it again.
        Dictionary<string, TopicQueueMapping> details = mappings.All.Where(entry => page.ContainsKey(entry.Key) || !all.ContainsKey(entry.Key)).ToDictionary(StringComparer.Ordinal);
        AnswerBody body = new(answer, $"ask for its pages ({Sequence})");
        AllTopicsBody content = new()
        {
            DataVersion = version,
            Deletions = TablePage.HasDeletions(request, Sequence, version) ? told.Deletions : null,
            MappingDataVersion = mappingVersion,
            Topics = page,
            MappingDetails = details,
        };
        BrokerJson.Write(body, content, TopicJson.Default.AllTopicsBody);
        response.Body = body.Written;
        return new ValueTask<RemotingCommand?>(response);
    }
}
