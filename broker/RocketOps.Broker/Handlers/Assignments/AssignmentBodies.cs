using System.Text.Json.Serialization;
using RocketOps.Protocol.Bodies;
using RocketOps.Protocol.Names;

namespace RocketOps.Broker.Handlers.Assignments;

/// <summary>Body of QUERY_ASSIGNMENT. Source: remoting.md §2.4.</summary>
internal sealed class AssignmentQuery
{
    [JsonPropertyName("clientId")]
    public string? ClientId { get; init; }

    [JsonPropertyName("consumerGroup")]
    public string? ConsumerGroup { get; init; }

    [JsonPropertyName("messageModel")]
    public string? MessageModel { get; init; }

    [JsonPropertyName("strategyName")]
    public string? StrategyName { get; init; }

    [JsonPropertyName("topic")]
    public string? Topic { get; init; }
}

/// <summary>Answer to QUERY_ASSIGNMENT.</summary>
internal sealed class AssignmentsBody
{
    /// <summary>Null when nothing is known: the client keeps what it has. Of an empty list it keeps nothing.</summary>
    [JsonPropertyName("messageQueueAssignments")]
    public IReadOnlyList<AssignmentBody>? Assignments { get; init; }
}

/// <summary>A queue that a member is to read.</summary>
internal sealed class AssignmentBody
{
    [JsonPropertyName("messageQueue")]
    public required MessageQueueKey Queue { get; init; }

    [JsonPropertyName("mode")]
    public required string Mode { get; init; }
}

/// <summary>A topic's route, as far as it is read. Source: remoting.md §3.2.</summary>
internal sealed class RouteBody
{
    [JsonPropertyName("queueDatas")]
    public IReadOnlyList<RouteQueuesBody>? Queues { get; init; }
}

/// <summary>A topic's queues on one broker.</summary>
internal sealed class RouteQueuesBody
{
    [JsonPropertyName("brokerName")]
    public string? BrokerName { get; init; }

    [JsonPropertyName("perm")]
    public int Permission { get; init; }

    [JsonPropertyName("readQueueNums")]
    public int ReadQueues { get; init; }

    [JsonIgnore]
    public bool IsReadable => (Permission & PermissionBits.Read) != 0;
}
