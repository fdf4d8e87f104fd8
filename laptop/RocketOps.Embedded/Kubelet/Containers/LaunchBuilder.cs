using System.Collections;
using System.Globalization;
using RocketOps.Embedded.Kubelet.Objects;
using RocketOps.Embedded.Kubelet.Processes;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Embedded.Kubelet.Containers;

/// <summary>Builder of a local program's start from a container's spec: image, volumes, environment, arguments.</summary>
internal sealed class LaunchBuilder(ImageCatalog images, VolumeMounter volumes, EnvironmentBuilder environment, string hostsFile, Uri server)
{
    // A container sees nothing of the user's environment but what a program needs to run here at all.
    private static readonly string[] Inherited = ["PATH", "HOME", "LANG", "TZ", "TMPDIR", "TMP", "TEMP", "SystemRoot", "USERPROFILE"];

    /// <summary>Returns what to start, and where the container's paths are on this machine.</summary>
    public ProcessLaunch Build(PodIdentity pod, Container container, out PathMap map)
    {
        LocalProgram program = images.Find(container.Image ?? "");
        map = volumes.Mount(pod, container);
        Dictionary<string, string> given = Given(pod);
        Dictionary<string, string> variables = environment.Build(pod, container, given);
        PathMap paths = map;
        IEnumerable<string> written = Command(container, program).Concat(container.Args ?? []);
        List<string> arguments = [.. program.Arguments, .. written.Select(argument => paths.Rewrite(VariableExpansion.Expand(argument, variables)))];
        foreach ((string name, string value) in variables.ToList())
        {
            // What this machine gave is a path of this machine already, perhaps below one that is mounted (/tmp).
            variables[name] = given.GetValueOrDefault(name) == value ? value : map.Rewrite(value);
        }

        string folder = container.WorkingDir is { } workingDir ? map.Rewrite(workingDir) : pod.Folder;
        return new ProcessLaunch(program.FileName, arguments, variables, Directory.Exists(folder) ? folder : pod.Folder);
    }

    /// <summary>A command may name the image's own program, by whatever path it has in the image; any other is refused.</summary>
    private static IEnumerable<string> Command(Container container, LocalProgram program)
    {
        List<string> parts = container.Command ?? [];
        return parts.Count == 0 || Path.GetFileNameWithoutExtension(parts[0]) == Path.GetFileNameWithoutExtension(program.FileName)
            ? parts.Skip(1)
            : throw ContainerConfigException.Unsupported(
                $"command {parts[0]}: the local stand-in for image \"{container.Image}\" has only its own program.");
    }

    private Dictionary<string, string> Given(PodIdentity pod)
    {
        Dictionary<string, string> given = new(StringComparer.Ordinal);
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            string name = (string)variable.Key;
            if (Inherited.Contains(name) || name.StartsWith("DOTNET_", StringComparison.Ordinal))
            {
                given[name] = (string)variable.Value!;
            }
        }

        given["HOSTNAME"] = pod.Object.PodSpec().Hostname ?? pod.Object.Name;
        given["ROCKETOPS_bindAddress"] = pod.Address;
        given["ROCKETOPS_HOSTS"] = hostsFile;
        (given["KUBERNETES_SERVICE_HOST"], given["KUBERNETES_SERVICE_PORT"]) = (server.Host, server.Port.ToString(CultureInfo.InvariantCulture));
        given["ROCKETOPS_STOP_ON_STDIN_END"] = "1";
        return given;
    }
}
