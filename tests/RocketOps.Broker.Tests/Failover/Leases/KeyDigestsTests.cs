using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Broker.Failover.Kubernetes;
using RocketOps.Broker.Failover.Leases;
using RocketOps.Election.Leases;

namespace RocketOps.Broker.Tests.Failover.Leases;

/// <summary>What a lease says of keys, in both stores, whoever wrote it: never too much of it, and never in the way of a mastership.</summary>
public sealed class KeyDigestsTests
{
    private static readonly string Digest = new('a', 64);

    [Fact]
    public void Parse_WhatWasFormatted_IsTheSame()
    {
        Dictionary<string, string> digests = new(StringComparer.Ordinal) { ["orders-0-1"] = Digest, ["orders-0-0"] = new string('0', 64), ["a=b"] = new string('f', 64) };

        KeyDigests.Parse(KeyDigests.Format(digests)).Should().BeEquivalentTo(digests);
        KeyDigests.Format(digests).Should().StartWith("a=b=ff").And.EndWith(Digest, "ordered by name");
        KeyDigests.Format(KeyDigests.Parse(null)).Should().BeNull("without an entry there is no annotation");
    }

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("a=")]
    [InlineData("=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("a=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("a=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("a=gaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("a=\u0661aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public void Parse_WhatIsNoEntry_CountsAsAbsent(string text)
    {
        KeyDigests.Parse(text).Should().BeEmpty();
        KeyDigests.Parse($"{text},b={Digest}").Should().BeEquivalentTo(new Dictionary<string, string> { ["b"] = Digest }, "the others count");
    }

    [Fact]
    public void Parse_OfThousandsOfEntriesOrLongNames_TakesFew()
    {
        string few = string.Join(',', Enumerable.Range(0, 200).Select(static i => $"{i}={Digest}"));
        string tooMany = string.Join(',', Enumerable.Range(0, 5_000).Select(static i => $"{i}={Digest}"));

        KeyDigests.Parse(few).Should().HaveCount(KeyDigests.MaxEntries);
        KeyDigests.Parse(tooMany).Should().BeEmpty("nobody but an attacker wrote that");
        KeyDigests.Parse($"{new string('n', 256)}={Digest}").Should().BeEmpty();
        KeyDigests.Parse($"a={Digest},a={new string('b', 64).ToUpperInvariant()}").Should().BeEquivalentTo(new Dictionary<string, string> { ["a"] = new string('b', 64) });
    }

    [Fact]
    public void With_WhereThereAreTooMany_KeepsTheMembersAndTheNewOne()
    {
        IReadOnlyDictionary<string, string> full = KeyDigests.Parse(string.Join(',', Enumerable.Range(0, KeyDigests.MaxEntries - 1).Select(static i => $"0{i}={Digest}").Append($"z={Digest}")));

        IReadOnlyDictionary<string, string> with = KeyDigests.With(full, "y", new string('1', 64), ["y", "z"]);

        with.Should().HaveCount(KeyDigests.MaxEntries).And.ContainKeys("y", "z");
        with["y"].Should().Be(new string('1', 64));
        KeyDigests.With(with, "y", new string('2', 64), ["y", "z"])["y"].Should().Be(new string('2', 64));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"a\":null}")]
    [InlineData("{\"a\":\"\"}")]
    [InlineData("{\"\":\"00\"}")]
    public void File_WithWhatAreNoKeys_IsALeaseWithout(string keys)
    {
        LeaseRecord read = LeaseFile.Decode(Encoding.UTF8.GetBytes(Written().Replace("\"inSync\"", $"\"keyDigests\": {keys}, \"inSync\"", StringComparison.Ordinal)), "lease");

        (read.Epoch, read.KeyDigests.Count).Should().Be((7, 0));
    }

    /// <summary>As a version without keys has written it, and reads it.</summary>
    [Fact]
    public void File_WithoutKeys_HasNoSuchField()
    {
        Written().Should().NotContain("keyDigests");
        LeaseFile.Decode(LeaseFile.Encode(Record() with { KeyDigests = KeyDigests.Parse($"a={Digest}") }, Guid.Empty), "lease").KeyDigests.Should().ContainKey("a").WhoseValue.Should().Be(Digest);
    }

    [Fact]
    public void Manifest_WithWhateverIsWrittenOfKeys_IsALeaseAndIsMendedByTheNextWrite()
    {
        Random random = new(20261126);
        for (int i = 0; i < 2_000; i++)
        {
            JsonObject lease = LeaseManifest.New("default", "orders-0");
            LeaseManifest.Write(Record(), before: null, lease);
            char[] text = [.. Enumerable.Range(0, random.Next(400)).Select(_ => "ab=,0\u0000\u20ac\" "[random.Next(9)])];
            ((JsonObject)lease["metadata"]!["annotations"]!)[LeaseManifest.Keys] = random.Next(20) == 0 ? JsonValue.Create(5) : JsonValue.Create(new string(text) + (random.Next(2) == 0 ? $",a={Digest}" : string.Empty));

            lease = (JsonObject)JsonNode.Parse(lease.ToJsonString())!;

            LeaseRecord? read = LeaseManifest.Read(JsonSerializer.SerializeToElement(lease), out string? fault);
            fault.Should().BeNull();
            LeaseManifest.Write(read!, read, lease);

            string? written = (string?)lease["metadata"]!["annotations"]![LeaseManifest.Keys];
            written.Should().Be(KeyDigests.Format(read!.KeyDigests));
        }
    }

    private static string Written() => Encoding.UTF8.GetString(LeaseFile.Encode(Record(), Guid.Empty));

    private static LeaseRecord Record() => new()
    {
        GroupId = "g",
        Holder = "a",
        Epoch = 7,
        RenewTime = new DateTimeOffset(2026, 11, 26, 1, 2, 3, TimeSpan.Zero),
        Duration = TimeSpan.FromSeconds(6),
        InSync = [new MemberCopy("a", "1")],
    };
}
