using System.Text.Json;
using RocketOps.Broker.Tests.Failover;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;

namespace RocketOps.Broker.Tests.Clients;

/// <summary>Who is a member of a consumer group at a new master, to which not all of them have sent a heartbeat yet.</summary>
public sealed class AwaitedConsumersTests
{
    private const string Group = "g";

    private static readonly string[] Two = ["a", "b"];

    [Fact]
    public async Task Members_OfTheFormerMaster_CountAtTheNextOneAsWellAsThoseThatHaveCome()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ("minInSyncReplicas", "1"));

        TestBroker next = await HandOverAsync(members);
        await next.SubscribeAsync(Group, ElectedMembers.Topic, clientId: "first");

        (await MembersAsync(next)).Should().BeEquivalentTo("first", "second");
    }

    [Fact]
    public async Task Members_ThatSayThatTheyLeave_CountNoMore()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ("minInSyncReplicas", "1"));
        TestBroker next = await HandOverAsync(members);

        (await next.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.UnregisterClient).Set("clientID", "first").Set("consumerGroup", Group))).Code.Should().Be(ResponseCode.Success);

        (await MembersAsync(next)).Should().Equal("second");
    }

    [Fact]
    public async Task Members_ThatNeverCome_CountForTheTimeOfAHeartbeatOnly()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ("minInSyncReplicas", "1"));
        TestBroker next = await HandOverAsync(members);
        await next.SubscribeAsync(Group, ElectedMembers.Topic, clientId: "first");

        members.Time.Pass(TimeSpan.FromSeconds(40));

        (await MembersAsync(next)).Should().Equal("first");
    }

    /// <summary>Clients before 5.x, and those in other languages, send heartbeats every 30 s and not with each connection: until then the next master does not know what they have subscribed to.</summary>
    [Fact]
    public async Task Pulls_OfMembersOfTheFormerMaster_AreServedBeforeTheirHeartbeat()
    {
        await using ElectedMembers members = await ElectedMembers.StartAsync(Two, ("minInSyncReplicas", "1"));
        TestBroker next = await HandOverAsync(members);

        (await PullAsync(next, Group)).Code.Should().Be(ResponseCode.Success, "clients compare tags themselves");
        (await PullAsync(next, Group, "SQL92")).Code.Should().Be(ResponseCode.SubscriptionNotExist, "properties they do not");
        (await PullAsync(next, "another")).Code.Should().Be(ResponseCode.SubscriptionNotExist, "it was nowhere");
        await next.SubscribeAsync(Group, "another topic", clientId: "first");
        (await PullAsync(next, Group)).Code.Should().Be(ResponseCode.Success, "the second one may have subscribed to it");
        await next.SubscribeAsync(Group, ElectedMembers.Topic, clientId: "first");
        (await PullAsync(next, Group, version: long.MaxValue)).Code.Should().Be(ResponseCode.Success, "its next heartbeat is on its way");

        members.Time.Pass(TimeSpan.FromSeconds(40));

        (await PullAsync(next, Group, version: long.MaxValue)).Code.Should().Be(ResponseCode.SubscriptionNotLatest, "a heartbeat has been due since");
    }

    private static Task<RemotingCommand> PullAsync(TestBroker broker, string group, string type = "TAG", long version = 0)
    {
        StoreTopic topic = broker.Host.Modules.Topics.Topics.GetOrThrow(ElectedMembers.Topic).StoreTopic;
        int queue = Enumerable.Range(0, 16).First(id => broker.Host.Modules.Host.Store.Reader.TryGetOffsets(topic, id, out QueueOffsets offsets) && offsets.Max > 0);
        return broker.InvokeAsync(Requests.Pull(group, ElectedMembers.Topic, queue, 0).Set("expressionType", type).Set("subVersion", version));
    }

    /// <summary>The consumers "first" and "second" are known to the member that leads, which hands over to the other one.</summary>
    private static async Task<TestBroker> HandOverAsync(ElectedMembers members)
    {
        await members.SendAsync("before");
        await members.InSyncAsync(Two);
        TestBroker master = await members.MasterAsync();
        string target = Two.Single(name => name != members.NameOf(master));
        await using RawConnection second = await RawConnection.ConnectAsync(master.Address);
        await master.SubscribeAsync(Group, ElectedMembers.Topic, clientId: "first");
        await second.RequestAsync(
            RequestCode.HeartBeat, body: Requests.Heartbeat(Group, ElectedMembers.Topic, "*", "second", version: 1).Body);
        await members.EditAsync(lease => lease with { HandOverTo = target });
        await Eventually.TrueAsync(() => ElectedMembers.MemberOf(members[target]).Standing.TakesMessages, "the named member leads");
        return members[target];
    }

    private static async Task<string[]> MembersAsync(TestBroker broker)
    {
        RemotingCommand answer = await broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.GetConsumerListByGroup).Set("consumerGroup", Group));
        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
        return [.. JsonDocument.Parse(answer.Body.ToArray()).RootElement.GetProperty("consumerIdList").EnumerateArray().Select(static id => id.GetString() ?? string.Empty)];
    }
}
