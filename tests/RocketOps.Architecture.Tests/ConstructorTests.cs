using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using RocketOps.Architecture.Tests.Folders;

namespace RocketOps.Architecture.Tests;

/// <summary>What a class is made of can be read from its constructor: things that belong together come as one.</summary>
public sealed class ConstructorTests
{
    private const int MostParameters = 10;

    public static TheoryData<string> Projects => [.. FolderTable.Read().Select(static table => table.Project)];

    [Theory]
    [MemberData(nameof(Projects))]
    public void Constructors_OfAProject_TakeFewParameters(string project)
    {
        List<(string Type, int Parameters)> constructors = Read(FolderTests.AssemblyOf(project));
        constructors.Count.Should().BePositive("else nothing was looked at");

        constructors.Where(static one => one.Parameters > MostParameters).Select(static one => $"{one.Type}: {one.Parameters}").Should().BeEmpty();
    }

    private static List<(string Type, int Parameters)> Read(string assembly)
    {
        using PEReader file = new(new MemoryStream(File.ReadAllBytes(assembly)));
        MetadataReader reader = file.GetMetadataReader();
        List<(string Type, int Parameters)> constructors = [];
        foreach (TypeDefinition type in reader.TypeDefinitions.Select(reader.GetTypeDefinition))
        {
            foreach (MethodDefinition method in type.GetMethods().Select(reader.GetMethodDefinition).Where(method => reader.GetString(method.Name) == ".ctor"))
            {
                BlobReader signature = reader.GetBlobReader(method.Signature);
                signature.ReadSignatureHeader();
                constructors.Add((reader.GetString(type.Name), signature.ReadCompressedInteger()));
            }
        }

        return constructors;
    }
}
