using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Entities.Schema;

namespace RocketOps.Kubernetes.Tests.Support;

/// <summary>A custom entity that uses every attribute at least once.</summary>
[KubernetesEntity(Group = "test.rocketops.io", ApiVersion = "v1beta1", Kind = "Widget", PluralName = "widgets")]
[ShortNames("wdg")]
[Categories("rocketops")]
[Description("A thing for tests.")]
[PrinterColumn("Ready", JsonPath = ".status.conditions[?(@.type==\"Ready\")].status", Type = "string", Description = "Whether it works.")]
[PrinterColumn("Age", JsonPath = ".metadata.creationTimestamp", Type = "date")]
[ValidationRule("size(self.metadata.name) <= 30", "The name may have 30 characters: names of other objects are made of it.")]
[ScaleSubresource(".spec.replicas", ".status.replicas", ".status.selector")]
public sealed class Widget : CustomEntity<WidgetSpec, WidgetStatus>;
