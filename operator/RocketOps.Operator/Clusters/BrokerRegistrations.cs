using System.Globalization;
using RocketOps.Client;

namespace RocketOps.Operator.Clusters;

/// <summary>Which brokers the name servers know; <see cref="Unknown"/> when they could not be asked.</summary>
internal sealed class BrokerRegistrations
{
    public static readonly BrokerRegistrations Unknown = new(null);

    private readonly ClusterInfo? _info;

    public BrokerRegistrations(ClusterInfo? info) => _info = info;

    public bool Known => _info is not null;

    /// <summary>Address of a group's master when that has this id; null when it is a slave or not registered.</summary>
    public string? MasterAddress(string group, long brokerId) =>
        brokerId == BrokerData.MasterId && _info is not null && _info.Brokers.TryGetValue(group, out BrokerData? broker) ? broker.MasterAddress : null;

    /// <summary>
    /// Whether the broker is registered from this address. A name server remembers a lost broker for two minutes; the address tells a new pod's
    /// registration from its predecessor's.
    /// </summary>
    public bool Contains(string group, long brokerId, string podIP)
    {
        if (_info is null || !_info.Brokers.TryGetValue(group, out BrokerData? broker) || !broker.Addresses.TryGetValue(brokerId, out string? address))
        {
            return false;
        }

        string port = Ports.Broker.ToString(CultureInfo.InvariantCulture);
        return address == $"{podIP}:{port}" || address == $"[{podIP}]:{port}";
    }
}
