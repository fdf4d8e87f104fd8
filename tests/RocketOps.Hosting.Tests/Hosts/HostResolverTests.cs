using System.Net;
using System.Net.Sockets;
using RocketOps.Hosting.Hosts;
using RocketOps.Testing;

namespace RocketOps.Hosting.Tests.Hosts;

public sealed class HostResolverTests
{
    [Fact]
    public async Task ResolveAll_HostsFileNames_GivesEveryAddressOnce()
    {
        using TempDirectory directory = new();
        string hosts = Path.Combine(directory.Path, "hosts");
        await File.WriteAllTextAsync(hosts, "# comment\n127.10.0.1 ns.mq.svc ns.mq\n127.10.0.2\tNS.mq.svc # second\nnonsense\n");
        HostResolver resolver = new(hosts);

        IReadOnlyList<IPEndPoint> found = await resolver.ResolveAllAsync("ns.mq.svc:9876; 127.10.0.1:9876;10.0.0.9:1");

        found.Select(endPoint => endPoint.ToString()).Should().Equal("127.10.0.1:9876", "127.10.0.2:9876", "10.0.0.9:1");
    }

    /// <summary>To connect, either family will do; to register with each name server, one server is not to be found twice.</summary>
    [Fact]
    public async Task ResolveToConnect_NameOfBothFamilies_GivesBothInTurn()
    {
        using TempDirectory directory = new();
        string hosts = Path.Combine(directory.Path, "hosts");
        await File.WriteAllTextAsync(hosts, "fd00::1 a.svc\nfd00::2 a.svc\n127.10.0.1 a.svc\n");
        HostResolver resolver = new(hosts);

        (await resolver.ResolveToConnectAsync("a.svc:1")).Select(static endPoint => endPoint.ToString())
            .Should().Equal("127.10.0.1:1", "[fd00::1]:1", "[fd00::2]:1");
        (await resolver.ResolveAsync("a.svc:1")).Select(static endPoint => endPoint.ToString()).Should().Equal("127.10.0.1:1");
    }

    [Fact]
    public async Task Resolve_HostsFileChanges_IsReadAgain()
    {
        using TempDirectory directory = new();
        string hosts = Path.Combine(directory.Path, "hosts");
        HostResolver resolver = new(hosts);
        await File.WriteAllTextAsync(hosts, "127.10.0.1 a.svc\n");
        (await resolver.ResolveAsync("a.svc:1")).Should().ContainSingle().Which.Address.Should().Be(IPAddress.Parse("127.10.0.1"));

        await File.WriteAllTextAsync(hosts, "127.10.0.1 a.svc\n127.10.0.22 a.svc\n");

        (await resolver.ResolveAsync("a.svc:1")).Should().HaveCount(2);
    }

    [Fact]
    public async Task ResolveAll_OneNameUnknown_KeepsTheOthers()
    {
        HostResolver resolver = new();

        IReadOnlyList<IPEndPoint> found = await resolver.ResolveAllAsync("no-such-host.invalid:1;127.0.0.1:2");
        Func<Task> alone = () => resolver.ResolveAllAsync("no-such-host.invalid:1");

        found.Should().ContainSingle();
        await alone.Should().ThrowAsync<SocketException>();
    }

    [Theory]
    [InlineData("a:1;b:2")]
    [InlineData("a:1,b:2")]
    [InlineData(" a:1 , b:2; ")]
    public void ParseList_BySemicolonsOrCommas_GivesBoth(string addresses)
    {
        HostResolver.ParseList(addresses).Should().Equal(("a", 1), ("b", 2));
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData(":9876")]
    [InlineData("host:")]
    [InlineData("host:0")]
    [InlineData("host:65536")]
    [InlineData("host:x")]
    public void ParseList_Malformed_NamesTheEntry(string entry)
    {
        Action parse = () => HostResolver.ParseList("10.0.0.1:1;" + entry);

        parse.Should().Throw<FormatException>().WithMessage($"*\"{entry}\"*host:port*");
    }
}
