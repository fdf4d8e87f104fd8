namespace RocketOps.Embedded.Kubelet.Containers;

/// <summary>Finds the local program for an image. Nothing is ever pulled.</summary>
internal sealed class ImageCatalog(IReadOnlyDictionary<string, LocalProgram> programs)
{
    public LocalProgram Find(string image)
    {
        if (!programs.TryGetValue(ShortName(image), out LocalProgram? program))
        {
            throw new ContainerConfigException(
                "ErrImageNeverPull",
                $"No local program stands for image \"{image}\". Pods here are processes of this machine and only these images run: "
                + $"{string.Join(", ", programs.Keys.Order(StringComparer.Ordinal))}.",
                isPermanent: true);
        }

        if (Path.IsPathRooted(program.FileName) && !File.Exists(program.FileName))
        {
            throw new ContainerConfigException(
                "ErrImageNeverPull", $"The local program for image \"{image}\" is missing: {program.FileName}", isPermanent: true);
        }

        return program;
    }

    /// <summary>example.org:5000/rocketops/broker:1.0@sha256:… → broker</summary>
    public static string ShortName(string image)
    {
        string name = image.Split('@')[0];
        return name[(name.LastIndexOf('/') + 1)..].Split(':')[0];
    }
}
