using System.Text;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Builtins;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Writing;

namespace RocketOps.Embedded.Tests.Api.Writing;

/// <summary>What passes here is read by models, which have no other place for it.</summary>
public sealed class GoTypesTests
{
    [Theory]
    [InlineData("""{"spec":{"replicas":2147483648}}""", "json: cannot unmarshal number 2147483648 into Go struct field StatefulSetSpec.spec.replicas of type int32")]
    [InlineData("""{"spec":{"replicas":1.5}}""", "json: cannot unmarshal number 1.5 into Go struct field StatefulSetSpec.spec.replicas of type int32")]
    [InlineData("""{"spec":{"updateStrategy":{"rollingUpdate":{"maxUnavailable":-2147483649}}}}""", "json: cannot unmarshal number into Go struct field")]
    [InlineData("""{"metadata":{"creationTimestamp":"today"}}""", "parsing time \"today\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"today\" as \"2006\"")]
    [InlineData("""{"spec":{"template":{"spec":{"volumes":[{"name":"a","emptyDir":{"sizeLimit":"1e40"}}]}}}}""", "quantities must match the regular expression")]
    public void Check_OfWhatNoModelHolds_IsRefused(string json, string why) =>
        FluentActions.Invoking(() => Checked(json)).Should().Throw<ApiErrorException>()
            .WithMessage($"StatefulSet in version \"v1\" cannot be handled as a StatefulSet: {why}*");

    [Theory]
    [InlineData("""{"spec":{"replicas":2147483647}}""")]
    [InlineData("""{"spec":{"template":{"spec":{"terminationGracePeriodSeconds":2147483648}}}}""")]
    [InlineData("""{"metadata":{"creationTimestamp":"2026-01-02T03:04:05Z"}}""")]
    public void Check_OfTheRest_LeavesIt(string json) => Checked(json).ToJsonString().Should().Be(json);

    [Fact]
    public void Check_NullInAList_IsGosZero() =>
        Checked("""{"spec":{"template":{"spec":{"containers":[null,{"args":[null,"x"]}]}}}}""").ToJsonString()
            .Should().Be("""{"spec":{"template":{"spec":{"containers":[{},{"args":["","x"]}]}}}}""");

    private static JsonObject Checked(string json)
    {
        JsonObject obj = (JsonObject)JsonReading.Parse(Encoding.UTF8.GetBytes(json))!;
        GoTypes.Check(obj, BuiltinCatalog.Instance.Resources.Single(static resource => resource.Kind == "StatefulSet"));
        return obj;
    }
}
