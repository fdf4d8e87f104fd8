using RocketOps.Hosting.Properties;
using RocketOps.NameServer.Configuration;
using RocketOps.Testing;

namespace RocketOps.NameServer.Tests.Hosting;

public sealed class DocumentationTests
{
    [Fact]
    public void Documentation_OfKeys_NamesEveryHonouredOne()
    {
        string text = File.ReadAllText(Path.Combine(SharedKits.RepositoryRoot, "docs", "name-server.md"));

        string[] missing = [.. NameServerProperties.Catalog.Definitions.Where(key => key.Support == PropertySupport.Honoured && !text.Contains($"`{key.Name}`", StringComparison.Ordinal)).Select(static key => key.Name)];

        missing.Should().BeEmpty();
    }
}
