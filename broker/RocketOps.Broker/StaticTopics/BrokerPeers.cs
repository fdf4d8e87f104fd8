using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Json;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Client;

namespace RocketOps.Broker.StaticTopics;

/// <summary>
/// Asks other brokers, by name, what they hold of a logical queue. Their masters' addresses come from the name servers and are kept until one does not answer. Thread-safe.
/// </summary>
internal sealed class BrokerPeers(BrokerSettings settings, CurrentOptions<PeerOptions> options, RemotingClient client)
{
    private const int MasterId = 0;

    /// <summary>More names than brokers in a cluster: mappings that name so many are nonsense, and addresses are then looked up each time.</summary>
    private const int MaxKnown = 1_024;

    private readonly ConcurrentDictionary<string, string> _addresses = new(StringComparer.Ordinal);

    /// <summary>The answer of the broker's master, whatever its code. Throws <see cref="RemotingCommandException"/> when it cannot be asked.</summary>
    public async Task<RemotingCommand> InvokeAsync(string brokerName, RemotingCommand request, CancellationToken cancellationToken)
    {
        string? address = _addresses.GetValueOrDefault(brokerName) ?? await FindAsync(brokerName, cancellationToken);
        if (address is null)
        {
            throw new RemotingCommandException(ResponseCode.SystemError, $"cannot find addr for broker {brokerName}");
        }

        try
        {
            return await client.InvokeAsync(address, request, options.Value.ForwardTimeout, cancellationToken);
        }
        catch (Exception failure) when (failure is IOException or TimeoutException)
        {
            // Its master may be another one by now.
            _addresses.TryRemove(brokerName, out _);
            throw new RemotingCommandException(ResponseCode.SystemError, $"broker {brokerName} ({address}) did not answer request {request.Code}: {failure.Message}");
        }
    }

    private async Task<string?> FindAsync(string brokerName, CancellationToken cancellationToken)
    {
        foreach (string nameServer in settings.Current.NameServers)
        {
            if (await FindAsync(nameServer, brokerName, cancellationToken) is { } address)
            {
                if (_addresses.Count < MaxKnown)
                {
                    _addresses[brokerName] = address;
                }

                return address;
            }
        }

        return null;
    }

    /// <summary>Null also when the name server cannot be asked: the next one is.</summary>
    private async Task<string?> FindAsync(string nameServer, string brokerName, CancellationToken cancellationToken)
    {
        try
        {
            RemotingCommand answer = await client.InvokeAsync(nameServer, RemotingCommand.CreateRequest(RequestCode.GetBrokerClusterInfo), options.Value.ForwardTimeout, cancellationToken);
            return answer.Code == ResponseCode.Success
                && BrokerJson.Read(answer.Body.Span, StaticTopicJson.Default.ClusterInfoBody).Brokers?.GetValueOrDefault(brokerName) is { } group
                ? group.Addresses?.GetValueOrDefault(MasterId)
                : null;
        }
        catch (Exception failure) when (failure is IOException or TimeoutException or JsonException)
        {
            return null;
        }
    }
}

/// <summary>Answer to GET_BROKER_CLUSTER_INFO, as far as it is read. Source: admin.md §2.1.</summary>
internal sealed class ClusterInfoBody
{
    [JsonPropertyName("brokerAddrTable")]
    public Dictionary<string, BrokerGroupBody>? Brokers { get; init; }
}

/// <summary>A broker group of <see cref="ClusterInfoBody"/>.</summary>
internal sealed class BrokerGroupBody
{
    /// <summary>Broker id → address.</summary>
    [JsonPropertyName("brokerAddrs")]
    public Dictionary<long, string>? Addresses { get; init; }
}
