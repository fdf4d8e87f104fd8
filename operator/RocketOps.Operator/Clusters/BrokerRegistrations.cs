using System.Globalization;
using RocketOps.Client;

namespace RocketOps.Operator.Clusters;

/// <summary>
/// Brokers that the name servers know. Each of the name servers has to know one: a client has one of them, and asks no other.
/// </summary>
internal sealed class BrokerRegistrations
{
    /// <summary>No name server serves, or none could be asked.</summary>
    public static readonly BrokerRegistrations Unknown = new([], []);

    private readonly IReadOnlyList<ClusterInfo> _answers;

    /// <param name="answers">What the name servers said that answered.</param>
    /// <param name="silent">Addresses of those that serve and did not answer.</param>
    public BrokerRegistrations(IReadOnlyList<ClusterInfo> answers, IReadOnlyList<string> silent)
    {
        _answers = answers;
        Silent = silent;
    }

    /// <summary>True when at least one name server answered.</summary>
    public bool Known => _answers.Count > 0;

    /// <summary>Every name server that serves answered, and there is one.</summary>
    public bool Complete => Known && Silent.Count == 0;

    /// <summary>Addresses of the name servers that serve and did not answer.</summary>
    public IReadOnlyList<string> Silent { get; }

    /// <summary>
    /// Returns true when every name server that answered has the broker under this address. A name server remembers a lost broker for two
    /// minutes; the address tells a new pod's registration from its predecessor's.
    /// </summary>
    public bool Contains(string group, long brokerId, string podIP)
    {
        string port = Ports.Broker.ToString(CultureInfo.InvariantCulture);
        return Known && _answers.All(info =>
            info.Brokers.TryGetValue(group, out BrokerData? broker)
            && broker.Addresses.TryGetValue(brokerId, out string? address)
            && (address == $"{podIP}:{port}" || address == $"[{podIP}]:{port}"));
    }
}
