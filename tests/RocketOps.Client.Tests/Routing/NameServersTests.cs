using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Client.Calls;
using RocketOps.Client.Routing;
using RocketOps.Client.Tests.Support;
using RocketOps.Hosting.Hosts;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Client;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Client.Tests.Routing;

/// <summary>Name servers that hang, asked by callers whose time is over before.</summary>
public sealed class NameServersTests
{
    private readonly FakeTimeProvider _time = new();

    /// <summary>The first one has its part of the time for a request, the second one what is left of its caller's patience.</summary>
    [Fact]
    public async Task Invoke_CallerGivesUpAtTheSecondThatHangs_TheThirdIsAskedNext()
    {
        TimeSpan timeout = TimeSpan.FromSeconds(9);
        int questions = 0;
        await using FakePeer a = await FakePeer.StartAsync((RequestCode.GetRouteInfoByTopic, Answer));
        await using FakePeer b = await FakePeer.StartAsync((RequestCode.GetRouteInfoByTopic, Answer));
        await using FakePeer c = await FakePeer.StartAsync((RequestCode.GetRouteInfoByTopic, Answer));
        HostResolver resolver = new();
        await using RemotingClient remoting = NewRemoting(resolver);
        NameServers nameServers = new($"{a.Address};{b.Address};{c.Address}", new RemotingCaller(remoting, _time), resolver.ResolveAllAsync, timeout, _time, NullLogger.Instance);
        await nameServers.InvokeAsync(Question, CancellationToken.None);
        using CancellationTokenSource patience = new();
        Task asking = nameServers.InvokeAsync(Question, patience.Token);
        await Eventually.TrueAsync(() => Volatile.Read(ref questions) == 2 && _time.HasTimerIn(timeout / 3), "the one that answered is asked");
        _time.Advance(timeout / 3);
        await Eventually.TrueAsync(() => Volatile.Read(ref questions) == 3, "the next is asked");
        await patience.CancelAsync();
        await FluentActions.Awaiting(() => asking).Should().ThrowAsync<OperationCanceledException>();

        await nameServers.InvokeAsync(Question, CancellationToken.None).WaitAsync(Eventually.DefaultDeadline);

        new[] { a.Received.Count, b.Received.Count, c.Received.Count }.Order().Should().Equal(1, 1, 2);

        RemotingCommand? Answer(RemotingCommand request) =>
            Interlocked.Increment(ref questions) is 2 or 3 ? null : RemotingCommand.CreateResponse(request, ResponseCode.TopicNotExist);
    }

    /// <summary>As when the pod of the only name server was replaced, and nobody answers for its address.</summary>
    [Fact]
    public async Task Invoke_CallerGivesUp_NamesAreLookedUpAgain()
    {
        using TempDirectory directory = new("hosts-");
        await using FakePeer replacement = await FakePeer.StartAsync((RequestCode.GetRouteInfoByTopic, FakePeer.Code(ResponseCode.TopicNotExist)));
        int port = IPEndPoint.Parse(replacement.Address).Port;
        using TcpListener silent = new(IPAddress.Parse("127.0.0.2"), port);
        silent.Start();
        string hosts = directory.File("hosts");
        await File.WriteAllTextAsync(hosts, "127.0.0.2 nameservers\n");
        HostResolver resolver = new(hosts);
        await using RemotingClient remoting = NewRemoting(resolver);
        NameServers nameServers = new($"nameservers:{port}", new RemotingCaller(remoting, _time), resolver.ResolveAllAsync, Eventually.DefaultDeadline, _time, NullLogger.Instance);
        using CancellationTokenSource patience = new();
        Task asking = nameServers.InvokeAsync(Question, patience.Token);
        await Eventually.TrueAsync(() => silent.Pending(), "it is asked");
        await File.WriteAllTextAsync(hosts, "127.0.0.1 nameservers nameservers-0\n");
        await patience.CancelAsync();
        await FluentActions.Awaiting(() => asking).Should().ThrowAsync<OperationCanceledException>();

        (_, string address) = await nameServers.InvokeAsync(Question, CancellationToken.None).WaitAsync(Eventually.DefaultDeadline);

        address.Should().Be(replacement.Address);
    }

    /// <summary>Thirty seconds later the names are looked up again; a resolver that hangs holds up no question to known name servers.</summary>
    [Fact]
    public async Task Invoke_WhileTheResolverHangs_AsksTheKnownNameServer()
    {
        await using FakePeer server = await FakePeer.StartAsync((RequestCode.GetRouteInfoByTopic, FakePeer.Code(ResponseCode.TopicNotExist)));
        await using RemotingClient remoting = NewRemoting(new HostResolver());
        int lookups = 0;
        NameServers nameServers = new("nameservers:1", new RemotingCaller(remoting, _time), ResolveAsync, TimeSpan.FromSeconds(3), _time, NullLogger.Instance);
        await nameServers.InvokeAsync(Question, CancellationToken.None);
        _time.Advance(TimeSpan.FromSeconds(30));

        (_, string address) = await nameServers.InvokeAsync(Question, CancellationToken.None).WaitAsync(Eventually.DefaultDeadline);

        address.Should().Be(server.Address);
        await Eventually.TrueAsync(() => Volatile.Read(ref lookups) == 2, "the names are looked up beside the question");

        async Task<IReadOnlyList<IPEndPoint>> ResolveAsync(string names, CancellationToken cancellationToken)
        {
            if (Interlocked.Increment(ref lookups) > 1)
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            }

            return [IPEndPoint.Parse(server.Address)];
        }
    }

    private static RemotingCommand Question() => RemotingCommand.CreateRequest(RequestCode.GetRouteInfoByTopic).Set("topic", "T");

    private RemotingClient NewRemoting(HostResolver resolver) =>
        new(new RemotingClientOptions { ConnectTimeout = Eventually.DefaultDeadline }, NullLoggerFactory.Instance, resolver.ResolveAsync, time: _time);
}
