using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using RocketOps.Embedded.Api.Apply;
using RocketOps.Embedded.Api.Builtins;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Patch;
using RocketOps.Embedded.Api.Resources;
using RocketOps.Embedded.Api.Selectors;
using RocketOps.Embedded.Api.Tables;

namespace RocketOps.Embedded.Tests.Api;

/// <summary>The decoders of the server against tables, and against anything.</summary>
public sealed class ParsingTests
{
    [Theory]
    [InlineData(119, "119s")]
    [InlineData(121, "2m1s")]
    [InlineData(600, "10m")]
    [InlineData(10_740, "179m")]
    [InlineData(11_100, "3h5m")]
    [InlineData(169_200, "47h")]
    [InlineData(172_800, "2d")]
    [InlineData(687_600, "7d23h")]
    [InlineData(62_985_600, "729d")]
    [InlineData(63_158_400, "2y1d")]
    [InlineData(-10, "<invalid>")]
    public void HumanDuration_Seconds_ReadsLikeKubectl(long seconds, string expected) => HumanDuration.Format(TimeSpan.FromSeconds(seconds)).Should().Be(expected);

    [Theory]
    [InlineData(".status.conditions[?(@.type==\"Ready\")].status", "\"True\"")]
    [InlineData(".spec.l[*].name", "\"a\"")]
    [InlineData(".spec.l[1].name", "\"b\"")]
    [InlineData(".metadata.annotations.a\\.b/c", "\"x\"")]
    [InlineData(".spec.nothing", null)]
    public void JsonPath_PrinterColumn_FindsTheFirstMatch(string path, string? expected)
    {
        using JsonDocument document = JsonDocument.Parse(
            """{"metadata":{"annotations":{"a.b/c":"x"}},"spec":{"l":[{"name":"a"},{"name":"b"}]},"status":{"conditions":[{"type":"X","status":"False"},{"type":"Ready","status":"True"}]}}""");

        JsonPath.Parse(path).First(document.RootElement)?.GetRawText().Should().Be(expected);
    }

    [Fact]
    public void Json_DuplicateKeys_AreReportedAndTheLastWins()
    {
        List<string> duplicates = [];

        JsonNode? node = JsonReading.Parse("""{"a":{"b":1,"b":2},"l":[{"x":1,"x":3}]}"""u8, duplicates);

        node!.ToJsonString().Should().Be("""{"a":{"b":2},"l":[{"x":3}]}""");
        duplicates.Should().Equal("a.b", "l[0].x");
    }

    [Theory]
    [InlineData("{", "unexpected end of JSON input")]
    [InlineData("", "unexpected end of JSON input")]
    [InlineData("hello", "invalid character 'h' looking for beginning of value")]
    public void Json_Broken_IsDescribedAsGoDescribesIt(string text, string expected)
    {
        Action parse = () => JsonReading.Parse(Encoding.UTF8.GetBytes(text));

        parse.Should().Throw<FormatException>().WithMessage(expected);
    }

    [Fact]
    public void Json_AnyBytes_ParseOrFailCleanly() => Check.QuickThrowOnFailure(Prop.ForAll<byte[]>(bytes => Tolerates(() => JsonReading.Parse(bytes ?? [], []))));

    [Fact]
    public void LabelSelector_AnyText_ParsesOrIsABadRequest() => Check.QuickThrowOnFailure(Prop.ForAll<string>(text => Tolerates(() => LabelSelectorParser.Parse(text))));

    [Fact]
    public void FieldSelector_AnyText_ParsesOrIsABadRequest()
    {
        ResourceDefinition pods = BuiltinCatalog.Instance.Resources.First(r => r.Plural == "pods");

        Check.QuickThrowOnFailure(Prop.ForAll<string>(text => Tolerates(() => FieldSelector.Parse(text, pods))));
    }

    [Fact]
    public void JsonPatch_AnyOperation_AppliesOrIsRefused() => Check.QuickThrowOnFailure(Prop.ForAll<string, string, int>((path, from, kind) =>
    {
        string op = ((uint)kind % 6) switch { 0 => "add", 1 => "remove", 2 => "replace", 3 => "move", 4 => "copy", _ => "test" };
        JsonArray operations = new(new JsonObject { ["op"] = op, ["path"] = "/" + path, ["from"] = "/" + from, ["value"] = kind });
        return Tolerates(() => JsonPatch.Apply(new JsonObject { ["a"] = new JsonArray(1, 2), ["b"] = new JsonObject() }, operations));
    }));

    [Fact]
    public void FieldSet_AnyFieldsV1_ReadsBackTheSameOrIsRefused() => Check.QuickThrowOnFailure(Prop.ForAll<string[]>(names =>
    {
        JsonObject fields = [];
        foreach (string name in names ?? [])
        {
            fields[name ?? string.Empty] = new JsonObject { ["f:" + name] = new JsonObject() };
        }

        return Tolerates(() =>
        {
            FieldSet set = FieldSet.FromFieldsV1(fields);
            FieldSet.FromFieldsV1(set.ToFieldsV1()).SameAs(set).Should().BeTrue();
        });
    }));

    private static bool Tolerates(Action parse)
    {
        try
        {
            parse();
        }
        catch (Exception e) when (e is FormatException or ApiErrorException)
        {
            // The two ways input is refused.
        }

        return true;
    }
}
