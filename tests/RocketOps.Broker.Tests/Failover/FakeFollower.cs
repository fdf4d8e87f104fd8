using System.Net.Sockets;
using RocketOps.Broker.Failover;
using RocketOps.Broker.Replication;
using RocketOps.Broker.Replication.Frames;
using RocketOps.Broker.Tests.Support;
using RocketOps.Election.Leases;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Failover;

/// <summary>Says the words of a member that follows a master, right or wrong, as a test wants: it has no store.</summary>
/// <param name="master">Whom it follows.</param>
/// <param name="member">Who it says it is.</param>
/// <param name="group">Of which group.</param>
/// <param name="key">That member's (<see cref="KeyOf"/>), or another; null when it sends none.</param>
internal sealed class FakeFollower(TestBroker master, string member, GroupName group, string? key) : IAsyncDisposable
{
    private readonly TcpClient _connection = new();
    private readonly byte[] _buffer = new byte[64 * 1024];

    public MemberCopy Copy { get; } = new(member, $"{member}-of-a-test");

    public long Ticket { get; set; }

    public static GroupName GroupOf(TestBroker broker) => new(broker.Host.Modules.Host.Settings.Current.ClusterName, broker.Host.Modules.Host.Settings.Current.BrokerName);

    /// <summary>That a member keeps beside its store; null for who has none.</summary>
    public static string? KeyOf(ElectedMembers members, string member) => members.TryStoreOf(member) is { } store && File.Exists(Path.Combine(store, MemberKey.FileName))
        ? File.ReadAllText(Path.Combine(store, MemberKey.FileName)).TrimEnd('\n')
        : null;

    /// <summary>Another copy of member b, with everything that the master has: it is in sync.</summary>
    public static async Task<FakeFollower> InSyncAsync(ElectedMembers members, TestBroker master)
    {
        FakeFollower follower = new(master, "b", GroupOf(master), KeyOf(members, "b"));
        (await follower.JoinAsync(await members.LeaseAsync())).Code.Should().Be(ResponseCode.Success);
        await follower.ConnectAsync(master.Host.Modules.Host.Store.Positions.Appended.Value);
        await Eventually.TrueAsync(
            () => ElectedMembers.MemberOf(master).Standing is { TakesMessages: true, Lease: { } lease } && lease.InSync.Contains(follower.Copy), "the copy is in sync");
        return follower;
    }

    public async Task<RemotingCommand> JoinAsync(LeaseRecord lease)
    {
        RemotingCommand answer = await master.InvokeAsync(GroupRequests.Join(group, new JoinRequest(lease.GroupId, Copy, lease.Epoch), key));
        Ticket = answer.Code == ResponseCode.Success ? GroupRequests.ReadJoinAnswer(answer).Ticket : 0;
        return answer;
    }

    public Task<RemotingCommand> LeaveAsync(LeaseRecord lease) => master.InvokeAsync(GroupRequests.Leave(group, new JoinRequest(lease.GroupId, Copy, lease.Epoch), Ticket, key));

    /// <summary>Opens the replication port with its ticket, and says that it has everything before that offset.</summary>
    public async Task ConnectAsync(long offset)
    {
        await _connection.ConnectAsync("127.0.0.1", master.Host.Modules.Replication.Listener.Port);
        await _connection.GetStream().WriteAsync(FollowerHello.Write(Ticket));
        await ReportAsync(offset);
    }

    /// <summary>Says that it has everything before that offset; for more than it was sent the master ends the connection.</summary>
    public async Task ReportAsync(long offset)
    {
        byte[] report = new byte[HaFrames.ReportBytes];
        HaFrames.WriteReport(report, offset);
        await _connection.GetStream().WriteAsync(report);
    }

    /// <summary>Says that it has everything that the master has, once it was sent that; returns the end of it.</summary>
    public async Task<long> AcknowledgeAsync()
    {
        long end = master.Host.Modules.Host.Store.Positions.Appended.Value;
        await Eventually.TrueAsync(() => master.Host.Modules.Replication.Slaves.Snapshot().Any(slave => slave.Sent == end), "the follower was sent it");
        await ReportAsync(end);
        return end;
    }

    /// <summary>What the next frame says in place of its body's length; the body is passed over.</summary>
    public async Task<int> ReadFrameAsync()
    {
        NetworkStream stream = _connection.GetStream();
        await stream.ReadExactlyAsync(_buffer.AsMemory(0, HaFrames.HeaderBytes)).AsTask().WaitAsync(Eventually.DefaultDeadline);
        (_, int bodyBytes) = HaFrames.ReadHeader(_buffer);
        await stream.ReadExactlyAsync(_buffer.AsMemory(0, Math.Max(0, bodyBytes))).AsTask().WaitAsync(Eventually.DefaultDeadline);
        return bodyBytes;
    }

    /// <summary>Returns when the master has ended the connection.</summary>
    public async Task EndAsync()
    {
        try
        {
            while (await _connection.GetStream().ReadAsync(_buffer).AsTask().WaitAsync(TimeSpan.FromMinutes(2)) > 0)
            {
                // What was under way.
            }
        }
        catch (IOException)
        {
            // Reset, as some of what was sent was not read.
        }
    }

    public ValueTask DisposeAsync()
    {
        _connection.Dispose();
        return ValueTask.CompletedTask;
    }
}
