using System.Reflection;

namespace RocketOps.Client.Tests;

public sealed class PublicNamespaceTests
{
    /// <summary>A program names one namespace, wherever the file of a type lies: a file that moves must not change what programs write.</summary>
    [Fact]
    public void Types_ThatProgramsSee_AreInOneNamespace()
    {
        Type[] seen = Assembly.GetAssembly(typeof(RocketMqProducer))!.GetExportedTypes();

        seen.Should().HaveCountGreaterThan(50);
        seen.Where(static type => type.Namespace != "RocketOps.Client").Should().BeEmpty();
    }
}
