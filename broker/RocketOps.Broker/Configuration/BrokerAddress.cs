using System.Net;
using System.Net.Sockets;
using RocketOps.Hosting.Hosts;

namespace RocketOps.Broker.Configuration;

/// <summary>
/// Name of this broker for the world: the address in routes and the host in records. The port is known once the server listens.
/// </summary>
internal sealed class BrokerAddress
{
    private readonly IPAddress _storeAddress;
    private volatile Bound _bound;

    private BrokerAddress(string host, string hostAsMaster, IPAddress storeAddress, int port, bool isUnresolved)
    {
        IsUnresolved = isUnresolved;
        Host = host;
        HostAsMaster = hostAsMaster;
        _storeAddress = storeAddress;
        _bound = new Bound(port, MessageHost.From(storeAddress, port), HostSyntax.Join(host, port));
    }

    public string Host { get; }

    /// <summary>
    /// Address that clients and brokers are told while this broker leads a group whose master has an address of its own (<c>masterIP1</c>).
    /// </summary>
    public string HostAsMaster { get; }

    /// <summary>This machine finds no address for <see cref="Host"/>. Clients elsewhere may find one.</summary>
    public bool IsUnresolved { get; }

    public int Port => _bound.Port;

    /// <summary><c>brokerIP1:listenPort</c> as clients connect to it.</summary>
    public string Text => _bound.Text;

    /// <summary>The same for <see cref="HostAsMaster"/>.</summary>
    public string TextAsMaster => HostSyntax.Join(HostAsMaster, Port);

    /// <summary>Clients reach the group's master by an address that follows it.</summary>
    public bool FollowsMaster => HostAsMaster != Host;

    /// <summary>Same as <see cref="Text"/>, in the form of records and message ids.</summary>
    public MessageHost StoreHost => _bound.StoreHost;

    /// <summary>brokerIP1 may be a name (a Service); records need a number, so it is resolved once, by the same rules as name servers.</summary>
    public static async Task<BrokerAddress> CreateAsync(BrokerOptions options, HostResolver resolver, CancellationToken cancellationToken)
    {
        bool isUnresolved = false;
        if (!IPAddress.TryParse(options.BrokerIP1, out IPAddress? address))
        {
            address = await ResolveAsync(options.BrokerIP1, resolver, cancellationToken);
            isUnresolved = address is null;
            address ??= (ListenAddress.IsSpecific(options.BindAddress) ? options.BindAddress : IPAddress.Loopback);
        }

        string asMaster = options.Group is not null && options.Values.Get(ElectionSettings.Keys.MasterIP1) is { Length: > 0 } given ? HostSyntax.Bare(given) : options.BrokerIP1;
        return new BrokerAddress(options.BrokerIP1, asMaster, address, options.ListenPort, isUnresolved);
    }

    public void SetPort(int port) => _bound = new Bound(port, MessageHost.From(_storeAddress, port), HostSyntax.Join(Host, port));

    private static async Task<IPAddress?> ResolveAsync(string host, HostResolver resolver, CancellationToken cancellationToken)
    {
        try
        {
            // The resolver wants a port; any will do.
            return (await resolver.ResolveAsync(HostSyntax.Join(host, 1), cancellationToken))[0].Address;
        }
        catch (SocketException)
        {
            // A name that only clients can resolve (a Service in the cluster's DNS, seen from outside) is still a good address for them.
            return null;
        }
    }

    private sealed record Bound(int Port, MessageHost StoreHost, string Text);
}
