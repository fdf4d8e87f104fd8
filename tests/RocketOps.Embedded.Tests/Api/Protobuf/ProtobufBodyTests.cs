using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Protobuf;

namespace RocketOps.Embedded.Tests.Api.Protobuf;

/// <summary>The bytes are kubectl 1.34.4's, as its <c>-v=10</c> shows them, unless a test says otherwise.</summary>
public sealed class ProtobufBodyTests
{
    private const string ConfigMap =
        "6b3873000a0f0a0276311209436f6e6669674d617012220a110a017812001a0022002a0032003800420012060a0161120162120"
        + "50a016312001a002200";

    private const string Access =
        "6b3873000a320a17617574686f72697a6174696f6e2e6b38732e696f2f7631121753656c665375626a6563744163636573735265766965771"
        + "23f0a100a0012001a0022002a0032003800420012210a1f0a0764656661756c7412036765741a0022002a04706f647332036c6f673a001a08080012001a0020001a002200";

    [Theory]
    [InlineData(ConfigMap, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"data":{"a":"b","c":""}}""")]
    [InlineData(
        "6b3873000a0f0a02763112094e616d657370616365121a0a120a026e6e12001a0022002a0032003800420012001a020a001a002200",
        """{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"nn"}}""")]
    [InlineData(
        "6b3873000a0c0a02763112065365637265741 21d0a110a017312001a0022002a0032003800420012060a01611201621a001a002200",
        """{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"data":{"a":"Yg=="}}""")]
    [InlineData(
        "6b3873000a140a027631120e536572766963654163636f756e7412130a110a017112001a0022002a003200380042001a002200",
        """{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"q"}}""")]
    [InlineData(
        Access,
        """{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview","spec":{"resourceAttributes":{"namespace":"default","verb":"get","resource":"pods","subresource":"log"}}}""")]
    [InlineData(
        "6b3873000a310a17617574686f72697a6174696f6e2e6b38732e696f2f7631121653656c665375626a65637452756c6573526576696577"
        + "12230a100a0012001a0022002a0032003800420012090a0764656661756c741a04180022001a002200",
        """{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectRulesReview","spec":{"namespace":"default"}}""")]
    [InlineData(
        "6b3873000a2d0a1861757468656e7469636174696f6e2e6b38732e696f2f7631121153656c665375626a656374526576696577"
        + "121a0a100a0012001a0022002a0032003800420012060a040a0012001a002200",
        """{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}""")]
    public void Read_WhatKubectlSends_IsTheObject(string hex, string expected) =>
        JsonNode.DeepEquals(Read(hex), JsonNode.Parse(expected)).Should().BeTrue(Read(hex).ToJsonString());

    [Fact]
    public void Read_DeleteOptionsWithPointersToZero_KeepsTheZero()
    {
        // By hand: gracePeriodSeconds 0, preconditions.uid "u", orphanDependents false, dryRun [All].
        const string hex = "6b3873000a130a027631120d44656c6574654f7074696f6e73120e080012030a017518002a03416c6c1a002200";

        Read(hex).ToJsonString().Should().Be(
            """{"apiVersion":"v1","kind":"DeleteOptions","gracePeriodSeconds":0,"preconditions":{"uid":"u"},"orphanDependents":false,"dryRun":["All"]}""");
    }

    [Fact]
    public void Read_MetadataWithEverything_IsComplete()
    {
        // By hand: labels, a creation time of 1 s, an owner, a finalizer and a managed field.
        JsonObject whole = Read("6b387300" + Part(1, Part(1, Hex("v1")) + Part(2, Hex("ConfigMap"))) + Part(2, Part(1,
            "0a0161" + "42020801" + "5a060a016c120176"
            + Part(13, Part(1, Hex("Kind")) + Part(3, Hex("n")) + Part(4, Hex("u")) + Part(5, Hex("v1")) + "3001")
            + Part(14, Hex("f/x"))
            + Part(17, Part(1, Hex("m")) + Part(2, Hex("Update")) + Part(7, Part(1, Hex("""{"f:a":{}}""")))))));

        const string expected = """
            {"name":"a","creationTimestamp":"1970-01-01T00:00:01Z","labels":{"l":"v"},
             "ownerReferences":[{"kind":"Kind","name":"n","uid":"u","apiVersion":"v1","controller":true}],"finalizers":["f/x"],
             "managedFields":[{"manager":"m","operation":"Update","fieldsV1":{"f:a":{}}}]}
            """;
        JsonNode.DeepEquals(whole["metadata"], JsonNode.Parse(expected)).Should().BeTrue(whole.ToJsonString());
    }

    [Fact]
    public void Read_KindWithoutATable_SaysTheWayRound()
    {
        Func<JsonObject>? act = () => Read("6b387300" + Part(1, Part(1, Hex("apps/v1")) + Part(2, Hex("Deployment"))));

        act.Should().Throw<ApiErrorException>().Where(e => e.Code == 415).WithMessage("*apps/v1, Kind=Deployment*--dry-run=client*");
    }

    [Fact]
    public void Read_UnknownField_IsRefusedNotDropped()
    {
        Func<JsonObject>? act = () => Read("6b387300" + Part(1, Part(1, Hex("v1")) + Part(2, Hex("ConfigMap"))) + Part(2, Part(9, Hex("x"))));

        act.Should().Throw<FormatException>().WithMessage("*field 9 of ConfigMap*");
    }

    [Fact]
    public void Read_CutAnywhere_IsAnErrorOrAnObject()
    {
        foreach (string whole in (string[])[ConfigMap, Access])
        {
            byte[] bytes = Convert.FromHexString(whole);
            for (int length = 0; length < bytes.Length; length++)
            {
                Tolerates(bytes[..length]);
            }
        }
    }

    [Fact]
    public void Read_AnyChange_IsAnErrorOrAnObject()
    {
        byte[] bytes = Convert.FromHexString(Access);
        Check.QuickThrowOnFailure(Prop.ForAll<int, byte>((at, value) =>
        {
            byte[] changed = (byte[])bytes.Clone();
            changed[(at & int.MaxValue) % changed.Length] = value;
            Tolerates(changed);
        }));
    }

    private static void Tolerates(byte[] bytes)
    {
        try
        {
            ProtobufBody.Read(bytes);
        }
        catch (Exception e) when (e is FormatException or ApiErrorException)
        {
            // What a client is told.
        }
    }

    private static JsonObject Read(string hex) => ProtobufBody.Read(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)));

    private static string Hex(string text) => Convert.ToHexStringLower(System.Text.Encoding.UTF8.GetBytes(text));

    /// <summary>A field of bytes.</summary>
    private static string Part(int number, string hex)
    {
        int tag = (number << 3) | 2;
        string head = tag < 0x80 ? $"{tag:x2}" : $"{(tag & 0x7f) | 0x80:x2}{tag >> 7:x2}";
        return $"{head}{hex.Length / 2:x2}{hex}";
    }
}
