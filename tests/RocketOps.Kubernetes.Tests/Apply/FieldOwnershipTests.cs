using System.Text.Json;
using RocketOps.Kubernetes.Apply;

namespace RocketOps.Kubernetes.Tests.Apply;

public sealed class FieldOwnershipTests
{
    /// <summary>As kube-apiserver 1.34 returned it for an applied Service, shortened.</summary>
    private const string Service = """
        {"f:metadata":{"f:labels":{"f:app":{}},"f:ownerReferences":{"k:{\"uid\":\"u1\"}":{}}},
         "f:spec":{"f:clusterIP":{},"f:ports":{"k:{\"port\":9876,\"protocol\":\"TCP\"}":{".":{},"f:name":{},"f:port":{},"f:targetPort":{}}},"f:selector":{}}}
        """;

    [Theory]
    [InlineData("""{"metadata":{"name":"s","namespace":"n","labels":{"app":"x"}}}""", true)]
    [InlineData("""{"metadata":{"name":"s","labels":{"app":"x","other":"y"}}}""", false)]
    [InlineData("""{"metadata":{"name":"s","annotations":{"a":"b"}}}""", false)]
    [InlineData("""{"metadata":{"ownerReferences":[{"uid":"u1","name":"x"}]}}""", true)]
    [InlineData("""{"metadata":{"ownerReferences":[{"uid":"u2","name":"x"}]}}""", false)]
    [InlineData("""{"spec":{"clusterIP":"None","selector":{"any":"thing"}}}""", true)]
    [InlineData("""{"spec":{"ports":[{"name":"r","port":9876,"targetPort":"r"}]}}""", true)]
    [InlineData("""{"spec":{"ports":[{"port":9876,"protocol":"TCP"}]}}""", false)]
    [InlineData("""{"spec":{"ports":[{"port":9876,"protocol":"UDP"}]}}""", false)]
    [InlineData("""{"spec":{"ports":[{"port":1}]}}""", false)]
    [InlineData("""{"spec":{"ports":[{"port":9876,"nodePort":3}]}}""", false)]
    [InlineData("""{"spec":{"type":"ClusterIP"}}""", false)]
    [InlineData("""{"apiVersion":"v1","kind":"Service"}""", true)]
    public void Covers_ChecksEveryFieldOfTheIntent(string intent, bool covered) =>
        FieldOwnership.Covers(Parse(Service), Parse(intent)).Should().Be(covered);

    [Theory]
    [InlineData("""{"f:finalizers":{"v:\"a/b\"":{}}}""", """["a/b"]""", true)]
    [InlineData("""{"f:finalizers":{"v:\"a/b\"":{}}}""", """["a/b","c/d"]""", false)]
    [InlineData("""{"f:finalizers":{"v:broken":{}}}""", """["a/b"]""", false)]
    [InlineData("""{"f:finalizers":17}""", """["a/b"]""", false)]
    [InlineData("""{"f:finalizers":{}}""", """["a/b"]""", true)]
    public void Covers_Sets(string fields, string values, bool covered) =>
        FieldOwnership.Covers(Parse($$"""{"f:metadata":{{fields}}}"""), Parse($$$"""{"metadata":{"finalizers":{{{values}}}}}"""))
            .Should().Be(covered);

    [Fact]
    public void Covers_MapWhoseKeysOthersTook_IsNotCovered()
    {
        // Only the map itself is left to us.
        JsonElement fields = Parse("""{"f:metadata":{"f:labels":{".":{}}}}""");

        FieldOwnership.Covers(fields, Parse("""{"metadata":{"labels":{"app":"x"}}}""")).Should().BeFalse();
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"x\"")]
    [InlineData("{}")]
    public void Covers_NoTrieAtAll_CoversNothing(string fields) =>
        FieldOwnership.Covers(Parse(fields), Parse("""{"spec":{"a":1}}""")).Should().BeFalse();

    private static JsonElement Parse(string json) => JsonDocument.Parse(json).RootElement;
}
