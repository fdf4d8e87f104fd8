using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using RocketOps.Broker.Groups;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Json;

/// <summary>GET_ALL_TOPIC_CONFIG and GET_ALL_SUBSCRIPTIONGROUP_CONFIG in pages, as 5.3.4 asks for them.</summary>
public sealed class TablePageTests
{
    [Theory]
    [InlineData(RequestCode.GetAllTopicConfig, "topicSeq", "maxTopicNum", "totalTopicNum", "topicConfigTable")]
    [InlineData(RequestCode.GetAllSubscriptionGroupConfig, "groupSeq", "maxGroupNum", "totalGroupNum", "subscriptionGroupTable")]
    public async Task Pages_AskedForOneAfterTheOther_MakeTheWholeTable(int code, string sequence, string max, string total, string table)
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("A");
        RemotingCommand whole = await broker.InvokeAsync(RemotingCommand.CreateRequest(code));
        List<string> all = Names(whole, table);
        all.Count.Should().BeGreaterThan(3, "there are those of the system");

        List<string> gathered = [];
        string version = "";
        while (gathered.Count < all.Count)
        {
            RemotingCommand page = await broker.InvokeAsync(
                RemotingCommand.CreateRequest(code).Set(sequence, gathered.Count).Set(max, 2).Set("dataVersion", version));
            page.Get(total).Should().Be(all.Count.ToString(CultureInfo.InvariantCulture));
            List<string> names = Names(page, table);
            names.Count.Should().BeInRange(1, 2);
            gathered.AddRange(names);
            version = Version(page);
        }

        gathered.Should().Equal(all, "in the order of their names, each once");
    }

    [Fact]
    public async Task Page_OfAnotherVersion_BeginsAnew()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        RemotingCommand first = await broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.GetAllTopicConfig).Set("topicSeq", 0).Set("maxTopicNum", 1));
        await broker.CreateTopicAsync("A");

        RemotingCommand second = await broker.InvokeAsync(
            RemotingCommand.CreateRequest(RequestCode.GetAllTopicConfig).Set("topicSeq", 1).Set("maxTopicNum", 1).Set("dataVersion", Version(first)));

        Names(second, "topicConfigTable").Should().Equal(["A"], "it comes before those that were there");
        Version(second).Should().NotBe(Version(first));
    }

    /// <summary>A table in one piece is for who does not know pages: as far as a frame carries it.</summary>
    [Fact]
    public async Task WholeTable_MoreThanAFrameCarries_IsRefusedWithAWayOut()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        for (int i = 0; i < 16; i++)
        {
            SubscriptionGroupConfig large = new() { GroupName = $"g{i}", Attributes = ImmutableSortedDictionary<string, string>.Empty.Add("a", new string('x', 1024 * 1024)) };
            await broker.Host.Modules.Groups.Groups.CreateOrUpdateAsync(large);
        }

        RemotingCommand whole = await broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.GetAllSubscriptionGroupConfig));
        RemotingCommand page = await broker.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.GetAllSubscriptionGroupConfig).Set("groupSeq", 0).Set("maxGroupNum", 10));

        whole.Code.Should().Be(ResponseCode.SystemError);
        whole.Remark.Should().Contain("ask for its pages (groupSeq)");
        Names(page, "subscriptionGroupTable").Should().HaveCount(10);
        await Eventually.TrueAsync(() => broker.Host.HeldBytes == 0, "everything is given back");
    }

    private static List<string> Names(RemotingCommand answer, string table)
    {
        using JsonDocument body = JsonDocument.Parse(answer.Body);
        return [.. body.RootElement.GetProperty(table).EnumerateObject().Select(entry => entry.Name)];
    }

    private static string Version(RemotingCommand answer)
    {
        using JsonDocument body = JsonDocument.Parse(answer.Body);
        return body.RootElement.GetProperty("dataVersion").GetRawText();
    }
}
