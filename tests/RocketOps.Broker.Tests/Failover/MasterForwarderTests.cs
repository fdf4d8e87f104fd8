using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Failover;
using RocketOps.Broker.Hosting.Modules;
using RocketOps.Broker.Replication;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Client;
using RocketOps.Remoting.Connections;
using RocketOps.Remoting.Server;
using RocketOps.Remoting.Server.Connections;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Broker.Tests.Failover;

/// <summary>What waits at a member for the group's master.</summary>
public sealed class MasterForwarderTests
{
    private const int Requesters = 200;

    private static readonly string[] Two = ["a", "b"];
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(1);

    /// <summary>Who stands in for a master that is gone may get the requests of thousands, and each of them looks for the next master every 20 ms.</summary>
    [Fact]
    public async Task Forward_ManyWaitForAMasterThatIsGone_NotEachOfThemTriesToReachIt()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ("minInSyncReplicas", "1"));
        await members.SendAsync("before");
        await members.InSyncAsync(Two);
        string killed = members.NameOf(await members.MasterAsync());
        BrokerModules left = members[Two.Single(name => name != killed)].Host.Modules;
        await members.KillAsync(killed);
        int tries = 0;
        FakeTimeProvider time = new();
        AddressResolver refused = (_, _) =>
        {
            Interlocked.Increment(ref tries);
            throw new SocketException((int)SocketError.ConnectionRefused);
        };
        await using RemotingClient client = new(new RemotingClientOptions(), NullLoggerFactory.Instance, refused);
        MasterForwarder forwarder = new(left.Host.Settings, left.Host.Options<ReplicationOptions>(), left.Membership!.Standing, client, left.Routing.Misled, time);
        await using RemotingClient producer = TestBroker.NewClient();
        RemotingConnection connection = await producer.ConnectAsync(members.Running.Single().Address);

        List<Task<RemotingCommand?>> waiting = await LookAsync(time, () => Volatile.Read(ref tries), () => forwarder.ForwardAsync(connection, Requests.Send(ElectedMembers.Topic, "waits"), CancellationToken.None));
        await Eventually.TrueAsync(
            () =>
            {
                time.Advance(Pause);
                return waiting.All(static request => request.IsCompleted);
            },
            "their time is over");
        string remark = $"service not available now: this broker does not lead its group at the moment, or has only just begun to, and {left.Membership!.Standing.MasterElsewhere}, which has the lease, could not be reached; send again";
        (await Task.WhenAll(waiting)).Should().OnlyContain(answer => answer!.Code == ResponseCode.ServiceNotAvailable && answer.Remark == remark);
    }

    /// <summary>A member that is about to lead is busy enough: what waits for it is sent there when it leads, and not by each again and again before.</summary>
    [Fact]
    public async Task Forward_ManyWaitForAMasterThatHasYetToBegin_NotEachOfThemAsksIt()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ("minInSyncReplicas", "1"));
        await members.SendAsync("before");
        await members.InSyncAsync(Two);
        TestBroker leader = await members.MasterAsync();
        BrokerModules other = members[Two.Single(name => name != members.NameOf(leader))].Host.Modules;
        Beginner beginner = new();
        await using RemotingServer server = await RemotingServer.StartAsync(
            new RemotingServerOptions { EndPoints = [new IPEndPoint(IPAddress.Loopback, 0)] }, new RequestHandlerRegistry().Add(RequestCode.SendMessageV2, beginner), NullLoggerFactory.Instance);
        FakeTimeProvider time = new();
        AddressResolver toBeginner = (_, _) => Task.FromResult<IReadOnlyList<IPEndPoint>>([server.EndPoint]);
        await using RemotingClient client = new(new RemotingClientOptions(), NullLoggerFactory.Instance, toBeginner);
        MasterForwarder forwarder = new(other.Host.Settings, other.Host.Options<ReplicationOptions>(), other.Membership!.Standing, client, other.Routing.Misled, time);
        await using RemotingClient producer = TestBroker.NewClient();
        RemotingConnection connection = await producer.ConnectAsync(leader.Address);

        List<Task<RemotingCommand?>> waiting = await LookAsync(time, () => beginner.Asked, () => forwarder.ForwardAsync(connection, Requests.Send(ElectedMembers.Topic, "waits"), CancellationToken.None));
        beginner.Lead();
        await Eventually.TrueAsync(
            () =>
            {
                time.Advance(Between);
                return waiting.All(static request => request.IsCompleted);
            },
            "all are answered");
        (await Task.WhenAll(waiting)).Should().OnlyContain(static answer => answer!.Code == ResponseCode.Success);
    }

    /// <summary>Behind the address of a pod that is gone there may be nobody to refuse a connection, and clients wait for the next master.</summary>
    [Fact]
    public async Task Forward_TheAddressOfWhoLedIsSilent_TheNextMasterTakesIt()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ("minInSyncReplicas", "1"));
        await members.SendAsync("before");
        await members.InSyncAsync(Two);
        string first = members.NameOf(await members.MasterAsync());
        string next = Two.Single(name => name != first);
        BrokerModules left = members[next].Host.Modules;
        TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        AddressResolver silent = async (_, cancellationToken) =>
        {
            asked.TrySetResult();
            return await new TaskCompletionSource<IReadOnlyList<IPEndPoint>>().Task.WaitAsync(cancellationToken);
        };
        FakeTimeProvider time = new();
        RemotingClientOptions options = new();
        await using RemotingClient client = new(options, NullLoggerFactory.Instance, silent, time: time);
        MasterForwarder forwarder = new(left.Host.Settings, left.Host.Options<ReplicationOptions>(), left.Membership!.Standing, client, left.Routing.Misled, time);
        await using RemotingClient producer = TestBroker.NewClient();
        try
        {
            Task<RemotingCommand?> waiting = forwarder.ForwardAsync(await producer.ConnectAsync(members[next].Address), Requests.Send(ElectedMembers.Topic, "waits"), CancellationToken.None);
            await asked.Task;
            (await ElectedMembers.MemberOf(members[first]).HandOverAsync(next, leaves: false, CancellationToken.None)).Should().BeTrue();
            await Eventually.TrueAsync(() => left.Membership!.Standing.TakesMessages, "the other member leads");
            await Eventually.TrueAsync(() => time.HasTimerIn(Pause), "it waits no longer for the address before it looks again");
            time.Advance(Pause);
            await Eventually.TrueAsync(() => waiting.IsCompleted || time.HasTimerIn(Pause), "it has given that up");
            time.Advance(Pause);

            (await waiting.WaitAsync(Eventually.DefaultDeadline)).Should().BeNull("this member takes it itself");
        }
        finally
        {
            time.Advance(options.ConnectTimeout);
        }
    }

    /// <summary>Clients make their next attempt at once: refused in no time, three of them do not outlive a slave's restart.</summary>
    [Fact]
    public async Task Send_WhileTheMasterLacksCopies_WaitsAndHearsWhyInTheEnd()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ("minInSyncReplicas", "2"));
        await members.SendAsync("before");
        await members.InSyncAsync(Two);
        TestBroker master = await members.MasterAsync();
        MemberStanding group = ElectedMembers.MemberOf(master).Standing;
        using IDisposable moment = members.Time.Hold();
        await members.KillAsync(Two.Single(name => name != members.NameOf(master)));
        await Eventually.TrueAsync(() => group.IsShortOfCopies, "the only copy is gone");
        FakeTimeProvider time = new();
        await using RemotingClient others = TestBroker.NewClient();
        MasterForwarder forwarder = new(
            master.Host.Modules.Host.Settings, master.Host.Modules.Host.Options<ReplicationOptions>(), group, others, master.Host.Modules.Routing.Misled, time);
        await using RemotingClient producer = TestBroker.NewClient();

        Task<RemotingCommand?> waiting = forwarder.ForwardAsync(await producer.ConnectAsync(master.Address), Requests.Send(ElectedMembers.Topic, "waits"), CancellationToken.None);
        await Eventually.TrueAsync(() => time.HasTimerIn(Pause) || waiting.IsCompleted, "it has looked");
        waiting.IsCompleted.Should().BeFalse("the slave may be back in a moment");
        await Eventually.TrueAsync(
            () =>
            {
                time.Advance(Pause);
                return waiting.IsCompleted;
            },
            "its time is over");

        RemotingCommand? answer = await waiting;
        answer.Should().NotBeNull("copies have not been lacking for so long that it is refused before its time is over");
        (answer!.Code, answer.Remark).Should().Be((ResponseCode.SystemError, "in-sync replicas not enough: minInSyncReplicas is 2, and fewer members of the group have the log"));
    }

    /// <summary>Many requests, each of which looks at times of its own: the master is asked about once a pause, for all of them.</summary>
    private static async Task<List<Task<RemotingCommand?>>> LookAsync(FakeTimeProvider time, Func<int> asked, Func<Task<RemotingCommand?>> forward)
    {
        long began = time.GetTimestamp();
        List<Task<RemotingCommand?>> waiting = [forward()];
        await Eventually.TrueAsync(() => asked() == 1 && time.HasTimerIn(Pause), "the first one has looked, and waits for its next look");
        while (waiting.Count < Requesters)
        {
            time.Advance(Between);
            waiting.Add(forward());
            await Eventually.TrueAsync(() => time.HasTimerIn(Pause), "it has looked, or is about to");
        }

        await Eventually.TrueAsync(
            () =>
            {
                if (asked() < 2)
                {
                    time.Advance(Between);
                }

                return asked() >= 2;
            },
            "somebody has looked again");
        asked().Should().BeLessThanOrEqualTo(2 * (1 + (int)(time.GetElapsedTime(began) / Pause)), "whoever looks in between knows what was found, and each of them has looked several times");
        waiting.Should().OnlyContain(static request => !request.IsCompleted);
        return waiting;
    }

    /// <summary>Has the lease, and leads from when it is told to.</summary>
    private sealed class Beginner : AsyncRequestHandler
    {
        private int _asked;
        private volatile bool _leads;

        public int Asked => Volatile.Read(ref _asked);

        public void Lead() => _leads = true;

        public override ValueTask<RemotingCommand?> HandleAsync(RemotingConnection connection, RemotingCommand request, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _asked);
            return ValueTask.FromResult<RemotingCommand?>(RemotingCommand.CreateResponse(request, _leads ? ResponseCode.Success : GroupRequests.NotLeading));
        }
    }
}
