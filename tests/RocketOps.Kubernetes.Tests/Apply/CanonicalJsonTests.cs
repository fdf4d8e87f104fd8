using System.Text;
using System.Text.Json.Nodes;
using RocketOps.Kubernetes.Apply;

namespace RocketOps.Kubernetes.Tests.Apply;

public sealed class CanonicalJsonTests
{
    [Fact]
    public void Serialize_SortsKeysAndLeavesNullsOut() =>
        Encoding.UTF8.GetString(CanonicalJson.Serialize(JsonNode.Parse("""{"b":[{"z":1,"y":null}],"a":"x"}"""))).Should().Be("""{"a":"x","b":[{"z":1}]}""");

    /// <summary>Where bytes would order them otherwise: a pair of surrogates comes before U+E000.</summary>
    [Fact]
    public void Serialize_NamesThatAreNotPlain_InTheOrderOfTexts() =>
        Encoding.UTF8.GetString(CanonicalJson.Serialize(JsonNode.Parse("""{"\ue000":1,"\ud83d\ude00":2,"b":3,"a\"b":4,"a\u0041":"<é>"}""")))
            .Should().Be("""{"a\u0022b":4,"aA":"\u003C\u00E9\u003E","b":3,"\uD83D\uDE00":2,"\uE000":1}""");

    [Fact]
    public void Hash_OfTheSameMeaning_IsTheSame_AndStaysSo()
    {
        string one = CanonicalJson.Hash(JsonNode.Parse("""{"a":1,"b":2}"""));
        string two = CanonicalJson.Hash(JsonNode.Parse("""{"b":2,"a":1,"c":null}"""));

        one.Should().Be(two);

        // A literal on purpose: another hash for the same intent would re-apply, and restart, everything at an upgrade of the operator.
        one.Should().Be("w6fmvnhd6r");
        CanonicalJson.Hash(JsonNode.Parse("""{"a":1,"b":3}""")).Should().NotBe(one);
    }
}
