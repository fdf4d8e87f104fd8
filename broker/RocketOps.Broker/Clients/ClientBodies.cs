using System.Text;
using System.Text.Json.Serialization;
using RocketOps.Broker.Filtering;
using RocketOps.Protocol.Commands;

namespace RocketOps.Broker.Clients;

/// <summary>Body of CHECK_CLIENT_CONFIG.</summary>
internal sealed class CheckClientBody
{
    [JsonPropertyName("clientId")]
    public string? ClientId { get; init; }

    [JsonPropertyName("group")]
    public string? Group { get; init; }

    [JsonPropertyName("subscriptionData")]
    public SubscriptionData? Subscription { get; init; }
}

/// <summary>One client in a connection list.</summary>
internal sealed class ConnectionBody
{
    [JsonPropertyName("clientAddr")]
    public required string Address { get; init; }

    [JsonPropertyName("clientId")]
    public required string ClientId { get; init; }

    [JsonPropertyName("language")]
    public required string Language { get; init; }

    [JsonPropertyName("version")]
    public required int Version { get; init; }

    public static ConnectionBody From(ClientChannel channel) => new()
    {
        Address = channel.Connection.RemoteEndPoint.ToString(),
        ClientId = channel.ClientId,
        Language = Encoding.ASCII.GetString(LanguageNames.ToUtf8(channel.Language)),
        Version = channel.Version,
    };
}

/// <summary>Answer to GET_CONSUMER_CONNECTION_LIST. Source: admin.md §2.4.</summary>
internal sealed class ConsumerConnectionBody
{
    [JsonPropertyName("connectionSet")]
    public required IReadOnlyList<ConnectionBody> Connections { get; init; }

    [JsonPropertyName("consumeFromWhere")]
    public required string ConsumeFromWhere { get; init; }

    [JsonPropertyName("consumeType")]
    public required string ConsumeType { get; init; }

    [JsonPropertyName("messageModel")]
    public required string MessageModel { get; init; }

    [JsonPropertyName("subscriptionTable")]
    public required IReadOnlyDictionary<string, SubscriptionData> Subscriptions { get; init; }
}

/// <summary>Answer to GET_CONSUMER_LIST_BY_GROUP.</summary>
internal sealed class ConsumerListBody
{
    [JsonPropertyName("consumerIdList")]
    public required IReadOnlyList<string> ClientIds { get; init; }
}

/// <summary>Answer to GET_GROUP_CONSUMERS (71006, ours).</summary>
internal sealed class GroupMembersBody
{
    /// <summary>The ids of each group's members.</summary>
    [JsonPropertyName("groups")]
    public required Dictionary<string, string[]> Groups { get; init; }
}

/// <summary>Answer to GET_PRODUCER_CONNECTION_LIST.</summary>
internal sealed class ProducerConnectionBody
{
    [JsonPropertyName("connectionSet")]
    public required IReadOnlyList<ConnectionBody> Connections { get; init; }
}

/// <summary>Answer to QUERY_SUBSCRIPTION_BY_CONSUMER.</summary>
internal sealed class SubscriptionBody
{
    [JsonPropertyName("group")]
    public required string Group { get; init; }

    [JsonPropertyName("subscriptionData")]
    public SubscriptionData? Subscription { get; init; }

    [JsonPropertyName("topic")]
    public required string Topic { get; init; }
}
