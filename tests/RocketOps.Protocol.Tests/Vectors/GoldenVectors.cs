using System.Globalization;

namespace RocketOps.Protocol.Tests.Vectors;

/// <summary>Frames of the protocol reference's worked examples (remoting.md §8), one hexadecimal file each.</summary>
internal static class GoldenVectors
{
    public static TheoryData<string> Names
    {
        get
        {
            TheoryData<string> names = [];
            foreach (string file in Directory.EnumerateFiles(Folder, "*.hex").Order(StringComparer.Ordinal))
            {
                names.Add(Path.GetFileNameWithoutExtension(file));
            }

            return names;
        }
    }

    public static IEnumerable<byte[]> All => Directory.EnumerateFiles(Folder, "*.hex").Select(file => Read(Path.GetFileNameWithoutExtension(file)));

    private static string Folder => Path.Combine(AppContext.BaseDirectory, "Vectors");

    public static byte[] Read(string name) =>
        Convert.FromHexString(string.Concat(File.ReadAllLines(Path.Combine(Folder, string.Create(CultureInfo.InvariantCulture, $"{name}.hex")))));
}
