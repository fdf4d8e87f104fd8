using System.Text;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Groups;

/// <summary>A group that may not read one topic (353).</summary>
public sealed class GroupForbiddenTests
{
    private const string Group = "g";
    private const string Topic = "Forbidden";
    private const string Other = "Allowed";

    [Fact]
    public async Task Forbidden_IsRefusedThatTopicAlone_UntilItIsAllowedAgain()
    {
        await using TestBroker broker = await StartAsync();

        string before = await AskAsync(broker, readable: null);
        string forbidden = await AskAsync(broker, readable: "false");
        RemotingCommand refused = await broker.PullAsync(Group, Topic, 0, 0);
        RemotingCommand other = await broker.PullAsync("other", Topic, 0, 0);
        RemotingCommand ownSubscription = await broker.PullAsync(Group, Topic, 0, 0, sysFlag: 4, subscription: "*");
        string allowed = await AskAsync(broker, readable: "true");
        RemotingCommand served = await broker.PullAsync(Group, Topic, 0, 0);

        before.Should().Be("""{"group":"g","readable":true,"topic":"Forbidden"}""");
        forbidden.Should().Be("""{"group":"g","readable":false,"topic":"Forbidden"}""");
        (refused.Code, refused.Remark).Should().Be((ResponseCode.NoPermission, "the consumer group[g] is forbidden for topic[Forbidden]"));
        other.Code.Should().Be(ResponseCode.Success, other.Remark);
        ownSubscription.Code.Should().Be(ResponseCode.Success, "Apache's broker asks this of pulls by a heartbeat's subscription only");
        allowed.Should().Be(before);
        served.Code.Should().Be(ResponseCode.Success, served.Remark);
    }

    [Fact]
    public async Task Forbidden_OutlivesARestart_AndGoesWithItsGroup()
    {
        using TempDirectory directory = new("forbidden-");
        await using (TestBroker broker = await TestBroker.StartAsync(directory: directory))
        {
            await AskAsync(broker, readable: "false");
            await AskAsync(broker, readable: "false", topic: Other);
            await AskAsync(broker, readable: "true", topic: Other);
        }

        await using TestBroker again = await TestBroker.StartAsync(directory: directory);
        string kept = await AskAsync(again, readable: null);
        string other = await AskAsync(again, readable: null, topic: Other);
        await again.CreateTopicAsync(Topic);
        await again.SubscribeAsync(Group, Topic);
        (await again.PullAsync(Group, Topic, 0, 0)).Code.Should().Be(ResponseCode.NoPermission, "a group that is made later is bound by it, too");
        (await again.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.DeleteSubscriptionGroup).Set("groupName", Group))).Code.Should().Be(ResponseCode.Success);
        string deleted = await AskAsync(again, readable: null);

        kept.Should().Contain("\"readable\":false");
        other.Should().Contain("\"readable\":true", "one topic says nothing of another");
        deleted.Should().Contain("\"readable\":true");
    }

    private static async Task<TestBroker> StartAsync()
    {
        TestBroker broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync(Topic);
        await broker.SendAsync(Topic, "x");
        await broker.SubscribeAsync(Group, Topic);
        await broker.SubscribeAsync("other", Topic, clientId: "client-2");
        return broker;
    }

    private static async Task<string> AskAsync(TestBroker broker, string? readable, string topic = Topic)
    {
        RemotingCommand answer = await broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.UpdateAndGetGroupForbidden).Set("group", Group).Set("topic", topic).Set("readable", readable));
        answer.Code.Should().Be(ResponseCode.Success, answer.Remark);
        return Encoding.UTF8.GetString(answer.Body.Span);
    }
}
