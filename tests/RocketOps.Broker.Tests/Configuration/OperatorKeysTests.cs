using RocketOps.Broker.Hosting;
using RocketOps.Hosting.Properties;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Configuration;

/// <summary>The operator judges configurations by a file that holds the list of keys; with ROCKETOPS_WRITE_DOCS=1 the test writes it instead of comparing it.</summary>
public sealed class OperatorKeysTests
{
    private static readonly string[] Values =
    [
        "0", "1", "-1", "7", "8", "15", "16", "100", "101", "65535", "65536", "2147483647", "2147483648", "-2147483649", "9223372036854775808", "1.5", "true", "TRUE", "yes", "ASYNC_FLUSH",
        "sync_flush", "NONSENSE", "DEBUG", "default", "false", "a b",
    ];

    [Fact]
    public void File_OfTheOperator_IsTheListOfKeys()
    {
        string path = Path.Combine(SharedKits.RepositoryRoot, "operator", "RocketOps.Operator", "Clusters", "Spec", "Keys", "broker.keys");
        if (Environment.GetEnvironmentVariable("ROCKETOPS_WRITE_DOCS") == "1")
        {
            File.WriteAllText(path, PropertyCatalogText.Write(BrokerCatalog.All));
        }

        File.ReadAllText(path).Should().Be(PropertyCatalogText.Write(BrokerCatalog.All), "ROCKETOPS_WRITE_DOCS=1 dotnet test tests/RocketOps.Broker.Tests writes it anew");
    }

    /// <summary>Never refused by the operator what a broker takes, and never taken what a broker refuses but where its code alone can tell.</summary>
    [Fact]
    public void Read_WhatWasWritten_JudgesAsTheBroker()
    {
        PropertyCatalog read = PropertyCatalogText.Read(PropertyCatalogText.Write(BrokerCatalog.All));

        read.Definitions.Select(static definition => definition.Name).Should().Equal(BrokerCatalog.All.Definitions.Select(static definition => definition.Name));
        foreach (PropertyDefinition broker in BrokerCatalog.All.Definitions)
        {
            PropertyDefinition known = read.Find(broker.Name)!;
            known.Support.Should().Be(broker.Support);
            known.Allowed.Should().Be(broker.Allowed);
            known.Advice.Should().Be(broker.Advice);
            known.IsLive.Should().Be(broker.IsLive);
            if (broker.IsLive)
            {
                known.DefaultText.Should().Be(broker.DefaultText, "the operator says when a broker has gone back to it");
            }

            if (broker is PropertyDefinition<string> && broker.Support == PropertySupport.Honoured && broker.Allowed != "any text" && !broker.Allowed.StartsWith(broker.DefaultText + " (", StringComparison.Ordinal))
            {
                Values.Should().OnlyContain(value => known.Accepts(value), $"{broker.Name} is judged by code");
                continue;
            }

            Values.Where(known.Accepts).Should().Equal(Values.Where(broker.Accepts), broker.Name);
        }
    }
}
