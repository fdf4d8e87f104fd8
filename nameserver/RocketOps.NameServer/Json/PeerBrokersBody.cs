using System.Text.Json.Serialization;

namespace RocketOps.NameServer.Json;

/// <summary>Answer of another name server to GET_BROKER_CLUSTER_INFO (106), as far as it matters here.</summary>
internal sealed class PeerBrokersBody
{
    [JsonPropertyName("brokerAddrTable")]
    public Dictionary<string, PeerGroupBody>? Groups { get; set; }
}

/// <summary>The members of one broker name.</summary>
internal sealed class PeerGroupBody
{
    [JsonPropertyName("brokerAddrs")]
    public Dictionary<long, string>? Addresses { get; set; }
}
