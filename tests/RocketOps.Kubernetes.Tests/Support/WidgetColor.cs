using System.Text.Json.Serialization;

namespace RocketOps.Kubernetes.Tests.Support;

public enum WidgetColor
{
    Red,

    [JsonStringEnumMemberName("Blue-Green")]
    BlueGreen,
}
