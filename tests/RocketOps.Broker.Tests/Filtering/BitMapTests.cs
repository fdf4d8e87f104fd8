using System.Globalization;
using System.Text;
using System.Text.Json;
using RocketOps.Broker.Filtering.BitMaps;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Store.Dispatching;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Filtering;

/// <summary>Bit maps of filters: Apache's positions, who is in them and since when, and the file that keeps them.</summary>
public sealed class BitMapTests : IDisposable
{
    private readonly TempDirectory _directory = new("bit-maps-");

    public void Dispose() => _directory.Dispose();

    // Printed by Apache's BloomFilter.calcBitPositions (5.5.0).
    [Theory]
    [InlineData(20, 32, 112, "g_stock", "InvoiceDemo", new[] { 71, 73, 68 })]
    [InlineData(20, 32, 112, "g", "t", new[] { 22, 87, 58 })]
    [InlineData(20, 32, 112, "grüppe", "Töpic-with-a-longer-name-than-one-block", new[] { 81, 30, 91 })]
    [InlineData(1, 32, 312, "g_stock", "InvoiceDemo", new[] { 143, 209, 292, 226, 160, 217, 283 })]
    [InlineData(10, 100, 480, "grüppe", "Töpic-with-a-longer-name-than-one-block", new[] { 81, 46, 11, 279 })]
    [InlineData(99, 1, 8, "g", "t", new[] { 6 })]
    [InlineData(5, 1000, 6240, "g_stock", "InvoiceDemo", new[] { 5447, 6137, 5908, 5218, 4528 })]
    [InlineData(50, 7, 16, "g_stock", "InvoiceDemo", new[] { 7 })]
    public void PositionsOf_AsApache(int errorRate, int groups, int bits, string group, string topic, int[] positions)
    {
        BloomLayout layout = new(errorRate, groups);

        layout.Bits.Should().Be(bits);
        layout.PositionsOf(group, topic).Should().Equal(positions);
    }

    [Theory]
    [InlineData("", 0L)]
    [InlineData("a", -8839064797231613815L)]
    [InlineData("hello", -3758069500696749310L)]
    [InlineData("0123456789abcdef", 5467490433528156583L)]
    [InlineData("0123456789abcdefg", -8200385122730116642L)]
    [InlineData("The quick brown fox jumps over the lazy dog", -2068352364225029268L)]
    public void Hash64_AsGuava(string text, long hash) => Murmur3.Hash64(Encoding.UTF8.GetBytes(text)).Should().Be(hash);

    [Fact]
    public async Task Pull_WithBitMaps_GetsExactlyWhatMatchesAcrossRestarts()
    {
        await using (TestBroker broker = await StartAsync())
        {
            await SendAsync(broker, 0, 20);
            await broker.SubscribeAsync("g", "Prices", "price > 10", type: "SQL92");
            await WaitForNewTimeAsync(broker);
            await SendAsync(broker, 20, 20);
            await CheckAsync(broker, 40, static i => i % 20 > 10);
        }

        await using (TestBroker broker = await StartAsync())
        {
            await broker.SubscribeAsync("g", "Prices", "price > 10", type: "SQL92", version: 2);
            await SendAsync(broker, 40, 20);
            await CheckAsync(broker, 60, static i => i % 20 > 10);

            // Another expression: what is in the maps was of the one before.
            await broker.SubscribeAsync("g", "Prices", "price < 3", type: "SQL92", version: 3);
            await CheckAsync(broker, 60, static i => i % 20 < 3, version: 3);
            await SendAsync(broker, 60, 20);
            await CheckAsync(broker, 80, static i => i % 20 < 3, version: 3);
        }
    }

    [Fact]
    public async Task Stop_WithFilters_WritesApachesFile()
    {
        await using (TestBroker broker = await StartAsync())
        {
            await broker.SubscribeAsync("g_stock", "InvoiceDemo", "region = 'eu' AND cents > 500", type: "SQL92", version: 77);
            await broker.SubscribeAsync("tags", "InvoiceDemo", "A || B", clientId: "client-2");
            await broker.SubscribeAsync("broken", "InvoiceDemo", "cents >", clientId: "client-3", type: "SQL92");
        }

        using JsonDocument file = JsonDocument.Parse(await File.ReadAllBytesAsync(FilePath));
        JsonElement topic = file.RootElement.GetProperty("filterDataByTopic").GetProperty("InvoiceDemo");
        topic.GetProperty("topic").GetString().Should().Be("InvoiceDemo");
        JsonProperty group = topic.GetProperty("groupFilterData").EnumerateObject().Should().ContainSingle().Subject;
        group.Name.Should().Be("g_stock");
        group.Value.EnumerateObject().Select(static member => member.Name).Should().Equal(
            "bloomFilterData", "bornTime", "clientVersion", "consumerGroup", "dead", "deadTime", "expression", "expressionType", "topic");
        group.Value.GetProperty("bloomFilterData").GetRawText().Where(static c => !char.IsWhiteSpace(c)).Should().Equal("""{"bitNum":112,"bitPos":[71,73,68]}""");
        group.Value.GetProperty("clientVersion").GetInt64().Should().Be(77);
        group.Value.GetProperty("expression").GetString().Should().Be("region = 'eu' AND cents > 500");
        group.Value.GetProperty("bornTime").GetInt64().Should().BePositive();
    }

    [Fact]
    public async Task Start_OptionsOff_NeitherReadsNorWritesTheFile()
    {
        await using (TestBroker broker = await StartAsync(isOn: false))
        {
            broker.Host.Modules.Filters.Should().BeNull();
            await broker.SubscribeAsync("g", "Prices", "price > 10", type: "SQL92");
            await SendAsync(broker, 0, 20);
            await CheckAsync(broker, 20, static i => i % 20 > 10);
        }

        File.Exists(FilePath).Should().BeFalse();
        Directory.Exists(_directory.File("store/consumequeue_ext")).Should().BeFalse();
    }

    [Theory]
    [InlineData("{not json")]
    [InlineData("""{"filterDataByTopic":{"Prices":null}}""")]
    [InlineData("""{"filterDataByTopic":{"Prices":{"groupFilterData":{"g":null,"h":{}},"topic":"Prices"}}}""")]
    [InlineData("""{"filterDataByTopic":{"Prices":{"groupFilterData":{"g":{"bloomFilterData":{"bitNum":8,"bitPos":[900]},"bornTime":1,"consumerGroup":"g","expression":"price > 10","expressionType":"SQL92","topic":"Prices"}}}}}""")]
    [InlineData("""{"filterDataByTopic":{"Prices":{"groupFilterData":{"g":{"bornTime":1,"consumerGroup":"g","expression":"price > 10","expressionType":"SQL92","topic":"Prices"}}}}}""")]
    public async Task Start_FileOfNoUse_IsPassedOver(string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(FilePath)!);
        await File.WriteAllTextAsync(FilePath, content);
        await using TestBroker broker = await StartAsync();
        await SendAsync(broker, 0, 20);
        await broker.SubscribeAsync("g", "Prices", "price > 10", type: "SQL92");
        await WaitForNewTimeAsync(broker);
        await SendAsync(broker, 20, 20);

        await CheckAsync(broker, 40, static i => i % 20 > 10);
    }

    [Fact]
    public async Task Heartbeats_MoreGroupsThanHaveRoom_AllGetTheirMessages()
    {
        await using TestBroker broker = await StartAsync(("expectConsumerNumUseFilter", "1"));
        for (int i = 0; i < 8; i++)
        {
            await broker.SubscribeAsync($"g{i}", "Prices", $"price = {i}", clientId: $"c{i}", type: "SQL92");
        }

        await WaitForNewTimeAsync(broker);
        await SendAsync(broker, 0, 20);

        for (int i = 0; i < 8; i++)
        {
            int price = i;
            await CheckAsync(broker, 20, n => n == price, group: $"g{i}");
        }
    }

    [Fact]
    public async Task MatchesBitMap_OnlyWhatIsKnownNotToMatch_IsLeftOut()
    {
        await using TestBroker broker = await StartAsync();
        await broker.CreateTopicAsync("Prices");
        await broker.SubscribeAsync("g", "Prices", "price > 10", type: "SQL92");
        ConsumerFilterTable table = broker.Host.Modules.Filters!;
        ConsumerFilter filter = table.Find("Prices"u8, "g"u8, "price > 10")!;
        table.Find("Prices"u8, "g"u8, "price > 11").Should().BeNull();
        byte[] map = new byte[IMessageBitMaps.MaxBytes];
        int length = table.Compute(broker.Host.Modules.Host.Store.GetOrAddTopic("Prices"u8), "price\u00015"u8, map);
        long later = filter.BornTime + 1;

        filter.MatchesBitMap(later, map.AsSpan(0, length)).Should().BeFalse();
        filter.MatchesBitMap(later, map.AsSpan(0, length - 1)).Should().BeTrue("it is of other bit maps");
        filter.MatchesBitMap(later, default).Should().BeTrue();
        filter.MatchesBitMap(filter.BornTime, map.AsSpan(0, length)).Should().BeTrue("it may be older than the filter");
        length = table.Compute(broker.Host.Modules.Host.Store.GetOrAddTopic("Prices"u8), "price\u000115"u8, map);
        filter.MatchesBitMap(later, map.AsSpan(0, length)).Should().BeTrue();
        await broker.SubscribeAsync("g", "Prices", "price > 11", version: 2, type: "SQL92");
        map.AsSpan().Clear();
        filter.MatchesBitMap(long.MaxValue, map.AsSpan(0, length)).Should().BeTrue("another expression sets these bits now");
    }

    private string FilePath => _directory.File("store/config/consumerFilter.json");

    private static async Task SendAsync(TestBroker broker, int from, int count)
    {
        for (int i = from; i < from + count; i++)
        {
            await broker.SendAsync("Prices", $"{i}", properties: string.Create(CultureInfo.InvariantCulture, $"price\u0001{i % 20}\u0002"));
        }
    }

    private static async Task CheckAsync(TestBroker broker, int count, Func<int, bool> matches, long version = 1, string group = "g")
    {
        List<string> bodies = [];
        long offset = 0;
        while (offset < count)
        {
            RemotingCommand answer = await broker.InvokeAsync(Requests.Pull(group, "Prices", 0, offset, 0, 0, 32, 0, null).Set("subVersion", version));
            answer.Code.Should().BeOneOf([ResponseCode.Success, ResponseCode.PullRetryImmediately], answer.Remark);
            bodies.AddRange(answer.Code == ResponseCode.Success ? Requests.Decode(answer).Select(static message => message.Body) : []);
            offset = long.Parse(answer.Get("nextBeginOffset")!, CultureInfo.InvariantCulture);
        }

        bodies.Should().Equal(Enumerable.Range(0, count).Where(matches).Select(static i => $"{i}"));
    }

    /// <summary>Until messages are stored after the groups' filters were known: those of the same millisecond are not judged by their bits.</summary>
    private static Task WaitForNewTimeAsync(TestBroker broker)
    {
        long now = broker.Host.Modules.Host.Time.GetUtcNow().ToUnixTimeMilliseconds();
        return Eventually.TrueAsync(() => broker.Host.Modules.Host.Time.GetUtcNow().ToUnixTimeMilliseconds() > now, "a millisecond has passed");
    }

    private Task<TestBroker> StartAsync(params (string Key, string Value)[] settings) => StartAsync(isOn: true, settings);

    private Task<TestBroker> StartAsync(bool isOn, params (string Key, string Value)[] settings)
    {
        Dictionary<string, string> values = new(StringComparer.Ordinal) { ["enablePropertyFilter"] = "true" };
        if (isOn)
        {
            values["enableCalcFilterBitMap"] = "true";
            values["enableConsumeQueueExt"] = "true";
        }

        foreach ((string key, string value) in settings)
        {
            values[key] = value;
        }

        return TestBroker.StartAsync(values, _directory);
    }
}
