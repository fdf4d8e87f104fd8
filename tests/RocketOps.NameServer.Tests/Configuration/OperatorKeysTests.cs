using RocketOps.Hosting.Properties;
using RocketOps.NameServer.Configuration;
using RocketOps.Testing;

namespace RocketOps.NameServer.Tests.Configuration;

/// <summary>The operator judges configurations by a file that holds the list of keys; with ROCKETOPS_WRITE_DOCS=1 the test writes it instead of comparing it.</summary>
public sealed class OperatorKeysTests
{
    [Fact]
    public void File_OfTheOperator_IsTheListOfKeys()
    {
        string path = Path.Combine(SharedKits.RepositoryRoot, "operator", "RocketOps.Operator", "Clusters", "Spec", "Keys", "nameserver.keys");
        if (Environment.GetEnvironmentVariable("ROCKETOPS_WRITE_DOCS") == "1")
        {
            File.WriteAllText(path, PropertyCatalogText.Write(NameServerProperties.Catalog));
        }

        File.ReadAllText(path).Should().Be(PropertyCatalogText.Write(NameServerProperties.Catalog), "ROCKETOPS_WRITE_DOCS=1 dotnet test tests/RocketOps.NameServer.Tests writes it anew");
    }
}
