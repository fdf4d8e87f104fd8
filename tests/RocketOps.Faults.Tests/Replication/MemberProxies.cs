using System.Net;
using RocketOps.Testing.Servers;

namespace RocketOps.Faults.Tests.Replication;

/// <summary>The ways by which the members of a group that elects its master reach each other, each of which a test can cut.</summary>
internal sealed class MemberProxies : IAsyncDisposable
{
    private readonly Dictionary<string, MemberProxy> _proxies = new(StringComparer.Ordinal);

    /// <param name="brokers">Members that are shown at other addresses than they listen at.</param>
    public MemberProxies(ElectedBrokers brokers)
    {
        foreach ((string name, IPEndPoint own, IPEndPoint shown) in brokers.Ways)
        {
            _proxies[name] = new MemberProxy(shown.Address, own.Address, own.Port, own.Port + 1);
        }
    }

    /// <summary>The way to a member.</summary>
    public MemberProxy this[string name] => _proxies[name];

    public async ValueTask DisposeAsync()
    {
        foreach (MemberProxy proxy in _proxies.Values)
        {
            await proxy.DisposeAsync();
        }
    }
}
