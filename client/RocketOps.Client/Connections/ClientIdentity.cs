using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace RocketOps.Client.Connections;

/// <summary>Identity of a client towards brokers. Source: remoting.md §5.9.</summary>
internal static class ClientIdentity
{
    /// <summary>This machine's address towards others: the first IPv4 one of an interface that is up and no loopback, else loopback.</summary>
    public static IPAddress LocalAddress()
    {
        foreach (NetworkInterface network in NetworkInterface.GetAllNetworkInterfaces())
        {
            if (network.OperationalStatus != OperationalStatus.Up || network.NetworkInterfaceType == NetworkInterfaceType.Loopback)
            {
                continue;
            }

            foreach (UnicastIPAddressInformation address in network.GetIPProperties().UnicastAddresses)
            {
                if (address.Address.AddressFamily == AddressFamily.InterNetwork)
                {
                    return address.Address;
                }
            }
        }

        return IPAddress.Loopback;
    }

    /// <summary>
    /// <c>ip@instance</c> or <c>ip@instance@unit</c>. Without a name of its own every client of every process differs: two members of a group with one id would be taken for one.
    /// </summary>
    public static string ClientId(IPAddress address, string? instanceName, string? unitName) =>
        $"{address}@{instanceName ?? $"{Environment.ProcessId}#{Guid.NewGuid():N}"}{(string.IsNullOrWhiteSpace(unitName) ? string.Empty : "@" + unitName)}";
}
