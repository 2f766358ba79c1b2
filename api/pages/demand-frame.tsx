import type { ComponentChildren, VNode } from "preact";
import { Crumbs } from "./components.tsx";
import type { View } from "./kit.tsx";
import { Layout } from "./layout.tsx";

const TABS = [
  ["/demand/rates", "Rates"],
  ["/demand/runs", "Demand runs"],
  ["/demand/changes", "Changes"],
  ["/demand/notices", "Notices"],
  ["/demand/consumers", "Consumers"],
  ["/demand/facts", "Facts of consumers"],
] as const;

/** The frame of the tax superintendent's pages. */
export function Demand(props: {
  readonly view: View;
  readonly title: string;
  readonly trail?: readonly (readonly [string, string])[];
  readonly children: ComponentChildren;
}): VNode {
  const { path, session } = props.view;
  const isSuperintendent = session.user?.roles.includes("superintendent") ?? false;
  return (
    <Layout view={props.view} title={props.title} section="demand" wide>
      <nav class="tabs" aria-label="Demand">
        <ul>
          {TABS.filter(([href]) => href !== "/demand/facts" || isSuperintendent).map(([href, label]) => (
            <li>
              <a href={href} aria-current={path.startsWith(href) ? "page" : undefined}>
                {label}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      {props.trail && <Crumbs trail={[["Demand", "/demand"], ...props.trail]} />}
      <h1>{props.title}</h1>
      {props.children}
    </Layout>
  );
}
