using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Groups;
using RocketOps.Broker.Hosting;
using RocketOps.Broker.Offsets;
using RocketOps.Broker.Overload;
using RocketOps.Broker.Tests.Support;
using RocketOps.Broker.Topics;
using RocketOps.Hosting.Properties;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Offsets;

/// <summary>Clients may name any group and queue when they commit, and each costs an entry that stays: there is an end.</summary>
public sealed class OffsetLimitTests : IDisposable
{
    private readonly TempDirectory _directory = new("offsets-");
    private readonly HookedFileSystem _files = new();

    [Fact]
    public void TryCommit_TheFirstOnAQueueBeyondTheLimit_IsRefusedAndCountedAndThoseThatAreThereChange()
    {
        RefusedEntries refused = new(TimeProvider.System, NullLogger<RefusedEntries>.Instance);
        ConsumerOffsetTable table = NewTable(most: 2, refused);
        table.TryCommit("T"u8, "g"u8, 0, 1).Should().BeTrue();
        table.TryCommit("T"u8, "g"u8, 1, 1).Should().BeTrue();

        table.TryCommit("T"u8, "g"u8, 2, 1).Should().BeFalse();
        table.TryCommit("T"u8, "other"u8, 0, 1).Should().BeFalse();
        table.TryCommit("Other"u8, "g"u8, 0, 1).Should().BeFalse();

        table.TryCommit("T"u8, "g"u8, 1, 7).Should().BeTrue();
        table.Query("T", "g", 1).Should().Be(7);
        table.Query("T", "g", 2).Should().Be(-1);
        table.GroupsOf("T").Should().Equal("g");
        table.TopicsOf("g").Should().Equal("T");
        refused.Offsets.Should().Be(3);
    }

    [Fact]
    public void Count_OfWhatGoesAndComes_IsWhatIsThere()
    {
        ConsumerOffsetTable table = NewTable(most: 4);
        Fill("T", "g", 3);
        Fill("T", "h", 1);
        table.Commit("T", "h", 1, 1);
        table.Count.Should().Be(5, "the broker's own are kept whatever their number");

        table.RemoveGroup("g");
        table.Count.Should().Be(2);
        table.TryClone("T", "h", "i").Should().BeTrue();
        table.TryClone("T", "h", "i").Should().BeTrue();
        table.Count.Should().Be(4);
        table.TryCommit("T"u8, "g"u8, 0, 1).Should().BeFalse();
        table.RemoveTopic("T");
        table.Count.Should().Be(0);
        Fill("T", "g", 4);

        void Fill(string topic, string group, int queues)
        {
            for (int queue = 0; queue < queues; queue++)
            {
                table.TryCommit(System.Text.Encoding.UTF8.GetBytes(topic), System.Text.Encoding.UTF8.GetBytes(group), queue, 1).Should().BeTrue();
            }
        }
    }

    [Fact]
    public async Task Load_MoreThanTheLimit_AllAreThere()
    {
        ConsumerOffsetTable before = NewTable(most: 3);
        before.TryCommit("T"u8, "g"u8, 0, 1);
        before.TryCommit("T"u8, "g"u8, 1, 2);
        await before.PersistAsync();

        ConsumerOffsetTable table = NewTable(most: 1);
        table.Load();

        table.Count.Should().Be(2);
        table.TryCommit("T"u8, "g"u8, 1, 3).Should().BeTrue();
        table.TryCommit("T"u8, "g"u8, 2, 3).Should().BeFalse();
    }

    [Fact]
    public async Task Commit_BeyondTheLimit_IsAnsweredWithItsName()
    {
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["maxConsumerOffsets"] = "1", ["httpPort"] = "-1" });
        await broker.SendAsync("T", "one");
        await broker.SubscribeAsync("g", "T");
        broker.Host.Modules.Offsets.Consumers.Commit("T", "g", 0, 0);

        RemotingCommand known = await CommitAsync(0);
        RemotingCommand further = await CommitAsync(1);

        known.Code.Should().Be(ResponseCode.Success);
        further.Code.Should().Be(ResponseCode.SystemError);
        further.Remark.Should().Contain("maxConsumerOffsets");
        using HttpClient http = new();
        (await http.GetStringAsync($"http://{broker.Host.HttpEndPoint}/metrics")).Should()
            .MatchRegex("(?m)^rocketops_consumer_offsets_refused_total\\{.*\\} 1$").And.MatchRegex("(?m)^rocketops_consumer_offsets_limit\\{.*\\} 1$").And.MatchRegex("(?m)^rocketops_consumer_offsets\\{.*\\} [1-9]");

        Task<RemotingCommand> CommitAsync(int queue) => broker.InvokeAsync(
            Requests.Commit("g", "T", queue, 1));
    }

    [Theory]
    [InlineData(64L, 4_096, 8_192, 32_768)]
    [InlineData(1L, 1_000, 1_000, 1_000)]
    [InlineData(16_384L, 100_000, 200_000, 1_000_000)]
    public void Limits_OfWhatStays_FitTheMemory(long mebibytes, int groups, int topics, int offsets)
    {
        PropertyValues values = PropertyValues.Defaults(BrokerCatalog.All);
        long bytes = mebibytes * 1024 * 1024;

        new GroupTableOptions(values, bytes).MaxGroups.Should().Be(groups);
        new TopicTableOptions(values, bytes).MaxTopics.Should().Be(topics);
        new OffsetOptions(values, bytes).MaxConsumerOffsets.Should().Be(offsets);
    }

    public void Dispose() => _directory.Dispose();

    private ConsumerOffsetTable NewTable(int most, RefusedEntries? refused = null)
    {
        BrokerSettings settings = new(TestBroker.OptionsOf(new(StringComparer.Ordinal)
        {
            ["storePathRootDir"] = _directory.Path,
            ["maxConsumerOffsets"] = most.ToString(System.Globalization.CultureInfo.InvariantCulture),
        }));
        return new ConsumerOffsetTable(
            settings, settings.Of<OffsetOptions>(), refused ?? new RefusedEntries(TimeProvider.System, NullLogger<RefusedEntries>.Instance), _files, TimeProvider.System);
    }
}
