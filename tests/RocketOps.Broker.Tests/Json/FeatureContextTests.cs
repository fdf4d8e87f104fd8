using System.Text.Json;
using System.Text.Json.Serialization;
using RocketOps.Broker.Failover.Leases;
using RocketOps.Broker.Json;

namespace RocketOps.Broker.Tests.Json;

/// <summary>Each feature names its bodies and files by a context in its folder: one dialect for all of them.</summary>
public sealed class FeatureContextTests
{
    /// <summary>What it says is not RocketMQ's: a lease in a file.</summary>
    private static readonly Type[] Others = [typeof(LeaseJson)];

    public static TheoryData<Type> Contexts =>
        [.. typeof(BrokerJson).Assembly.GetTypes().Where(static type => type.IsSubclassOf(typeof(JsonSerializerContext)) && type != typeof(BrokerJson) && !Others.Contains(type))];

    [Theory]
    [MemberData(nameof(Contexts))]
    public void Options_OfAFeature_AreThoseOfBrokerJson(Type context)
    {
        JsonSerializerOptions options = OptionsOf(context, "Default")!;

        options.Should().BeEquivalentTo(BrokerJson.Default.Options, static same => same.Excluding(static set => set.TypeInfoResolver).Excluding(static set => set.TypeInfoResolverChain).Excluding(static set => set.IsReadOnly));
        if (OptionsOf(context, "Files") is { } files)
        {
            files.DefaultIgnoreCondition.Should().Be(options.DefaultIgnoreCondition);
        }
    }

    private static JsonSerializerOptions? OptionsOf(Type context, string member) =>
        ((context.GetProperty(member)?.GetValue(null) ?? context.GetField(member)?.GetValue(null)) as JsonSerializerContext)?.Options;
}
