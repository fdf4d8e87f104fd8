using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace RocketOps.Hosting.Hosts;

/// <summary>Addresses that a server listens on, and the one that it tells others where no setting does.</summary>
public static class ListenAddress
{
    /// <summary>
    /// Returns the address to listen on. <c>::</c> is all addresses of both families, and those of IPv4 on a machine that has no IPv6.
    /// Throws <see cref="FormatException"/> for a text in which <see cref="HostSyntax.FindBindProblem"/> finds a problem.
    /// </summary>
    public static IPAddress Of(string text)
    {
        if (!HostSyntax.TryParse(text, out IPAddress address))
        {
            throw new FormatException($"\"{text}\" is no IP address");
        }

        return address.Equals(IPAddress.IPv6Any) && !Socket.OSSupportsIPv6 ? IPAddress.Any : address;
    }

    /// <summary>True for an address that others can connect to.</summary>
    public static bool IsSpecific(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any);
    }

    /// <summary>
    /// Finds this machine's first IPv4 address that is not loopback, else its first such IPv6 address that reaches beyond the link, else
    /// 127.0.0.1.
    /// </summary>
    public static IPAddress FindFirstLocal()
    {
        List<IPAddress> found = [.. NetworkInterface.GetAllNetworkInterfaces()
            .Where(static card => card.OperationalStatus == OperationalStatus.Up && card.NetworkInterfaceType != NetworkInterfaceType.Loopback)
            .SelectMany(static card => card.GetIPProperties().UnicastAddresses)
            .Select(static unicast => unicast.Address)
            .Where(static address => !IPAddress.IsLoopback(address) && !address.IsIPv6LinkLocal)];
        return found.Find(static address => address.AddressFamily == AddressFamily.InterNetwork)
            ?? found.Find(static address => address.AddressFamily == AddressFamily.InterNetworkV6)
            ?? IPAddress.Loopback;
    }
}
